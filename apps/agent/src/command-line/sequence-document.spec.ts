import { loadSequenceDocument, placeOf } from './sequence-document.js';

const good = `apiVersion: muster/v1
kind: TaskSequence
metadata: {name: demo}
spec:
  steps:
    - step: a
      type: RunCommandLine
      settings: {command: "true"}
`;
const problems = async (text: string): Promise<string[]> => {
  const loaded = await loadSequenceDocument(text);
  return 'findings' in loaded ? loaded.findings.map((finding) => `${finding.code}${placeOf(finding)}`) : [];
};

describe('reading a sequence document', () => {
  it('takes the first TaskSequence, further ones as children, and leaves other kinds alone', async () => {
    const text = `apiVersion: muster/v1\nkind: Package\nmetadata: {name: p}\n---\n${good}---\n${good.replace('demo', 'child')}`;
    expect(await loadSequenceDocument(text)).toMatchObject({
      name: 'demo',
      children: { child: { steps: [{ step: 'a' }] } },
    });
  });
  it('names line and column of everything that is wrong', async () => {
    const text = good
      .replace('step: a', 'step: a\n      colour: red')
      .replace('RunCommandLine', 'Nothing')
      .replace('kind: TaskSequence', 'kind: TaskSequence\nextra: 1');
    expect(await problems(text)).toEqual([
      'document.unknown-field:3:1',
      'sequence.unknown-field:8:7',
      'sequence.unknown-step-type:9:7',
    ]);
  });
  it('judges the facts queries of all its sequences, which are looked at only when there are some', async () => {
    const asks = (query: string): string => `${good}      condition: {facts: '${query}'}\n`;
    expect(await problems(asks('os.id == "debian"'))).toEqual([]);
    expect(await problems(asks('os.id = "debian"'))).toEqual(['condition.invalid-query:9:19']);
    expect(await problems(`${good}---\n${asks('os.id').replace('demo', 'child')}`)).toEqual([
      'condition.invalid-query:18:19',
    ]);
  });
  it.each([
    ['a: [1', ['document.syntax:1:6']],
    ['', ['document.no-sequence']],
    ['just text', ['document.not-a-resource:1:1']],
    [good.replace('name: demo', 'name: Demo'), ['document.name:3:12']],
    [good.replace('muster/v1', 'v2'), ['document.api-version:1:1']],
    [good.replace('TaskSequence', 'Package'), ['document.kind:2:1']],
    [good.replace('spec:', 'spec2:'), ['document.unknown-field:4:1', 'sequence.wrong-type:1:1']],
    [`${good}---\n${good}`, ['document.duplicate-name:12:12']],
    [
      'a: &a [1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]',
      ['document.syntax'],
    ],
  ])('refuses %j', async (text, expected) => {
    expect(await problems(text)).toEqual(expected);
  });
});
