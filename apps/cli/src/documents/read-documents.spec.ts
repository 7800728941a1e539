import { parseDocuments } from './read-documents.js';

const parse = (text: string) => parseDocuments('site.yaml', Buffer.from(text));

const sequence = `# a comment
apiVersion: muster/v1
kind: TaskSequence
metadata:
  name: one
spec:
  steps:
    - step: first
      type: RunCommandLine
      settings: { command: "true", environment: { "a/b": x } }
---
apiVersion: muster/v1
kind: Collection
metadata: { name: two }
spec: { rules: [] }
`;

describe('reading documents', () => {
  it('finds every document of a text with the line where it begins', () => {
    const { documents, problems } = parse(sequence);
    expect(problems).toEqual([]);
    expect(documents.map(({ kind, input, place }) => [kind.kind, input.metadata.name, place])).toEqual([
      ['TaskSequence', 'one', 'site.yaml:2'],
      ['Collection', 'two', 'site.yaml:12'],
    ]);
  });

  it.each([
    ['/spec/steps/0/type', 'site.yaml:9:7'],
    ['/spec/steps/0', 'site.yaml:8:7'],
    ['/spec/steps/0/settings/environment/a~1b', 'site.yaml:10:51'],
    ['/metadata/name', 'site.yaml:5:3'],
    ['', 'site.yaml:2:1'],
  ])('maps JSON pointer "%s" to %s', (pointer, place) => {
    expect(parse(sequence).documents[0]?.placeOf(pointer)).toBe(place);
  });

  it.each([
    ['/spec/steps/0/settings/missing', 'site.yaml:10:7'],
    ['/spec/steps/7', 'site.yaml:7:3'],
    ['/nothing/here', 'site.yaml:2:1'],
  ])('maps "%s", which is not in the text, to the innermost node that is: %s', (pointer, place) => {
    expect(parse(sequence).documents[0]?.placeOf(pointer)).toBe(place);
  });

  it('places pointers of a later document in that document', () => {
    expect(parse(sequence).documents[1]?.placeOf('/spec/rules')).toBe('site.yaml:15:9');
  });

  it('says line and column of wrong YAML and takes nothing of the text', () => {
    const { documents, problems } = parse('kind: Collection\nmetadata: {name: [}\n---\nkind: Package\n');
    expect(documents).toEqual([]);
    expect(problems[0]).toMatch(/^site\.yaml:2:\d+: error document\.syntax/);
  });

  it('refuses a key that is written twice', () => {
    expect(parse('kind: Package\nkind: Device\n').problems[0]).toMatch(/site\.yaml:2:1: error document\.syntax/);
  });

  it('refuses text that is not UTF-8', () => {
    expect(parseDocuments('x.yaml', Buffer.from([0x61, 0xff])).problems).toEqual([
      'x.yaml: error document.invalid-utf8 /: not UTF-8; save the file as UTF-8',
    ]);
  });

  it('names everything that keeps a document from being addressed', () => {
    const { documents, problems } = parse('apiVersion: v1\nkind: TaskSequenc\nmetadata: {name: A B}\n');
    expect(documents).toEqual([]);
    expect(problems.map((problem) => problem.split(' ').slice(0, 4).join(' '))).toEqual([
      'site.yaml:1:1: error document.api-version /apiVersion:',
      'site.yaml:2:1: error document.unknown-kind /kind:',
      'site.yaml:3:12: error document.name /metadata/name:',
    ]);
  });

  it('wants kinds written as they are, not as commands abbreviate them', () => {
    expect(parse('apiVersion: muster/v1\nkind: ts\nmetadata: {name: a}\n').problems[0]).toContain(
      'there is no kind "ts"; kind: TaskSequence',
    );
  });

  it('reads the items of a list, as "get -o yaml" writes it, with their places', () => {
    const { documents } = parse(
      'apiVersion: muster/v1\nkind: PackageList\nitems:\n- apiVersion: muster/v1\n  kind: Package\n  metadata: {name: a}\n  spec: {}\n',
    );
    expect(documents[0]?.input.metadata.name).toBe('a');
    expect(documents[0]?.placeOf('/kind')).toBe('site.yaml:5:3');
  });

  it('skips empty documents and refuses what is no resource', () => {
    expect(parse('---\n---\n')).toEqual({ documents: [], problems: [], findings: [] });
    expect(parse('- 1\n').problems[0]).toContain('document.not-a-resource');
    expect(parse('just text\n').problems[0]).toContain('document.not-a-resource');
  });

  it('is not blown up by aliases', () => {
    const levels = Array.from({ length: 12 }, (_, i) =>
      i === 0
        ? 'a0: &a0 [x]'
        : `a${i}: &a${i} [${Array(10)
            .fill(`*a${i - 1}`)
            .join(',')}]`,
    );
    expect(parse(`${levels.join('\n')}\n`).problems[0]).toContain('document.not-a-resource');
  });
});
