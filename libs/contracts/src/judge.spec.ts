import * as fc from 'fast-check';
import { z } from 'zod';
import { judgeDocument, judgeInput } from './judge.js';
import { KINDS } from './kinds/all.js';
import { taskSequence } from './kinds/task-sequence.js';
import type { ProblemFinding } from './problem.js';

function findingsOf(schema: z.ZodType, value: unknown) {
  const judged = judgeDocument(schema, value);
  return 'findings' in judged ? judged.findings : [];
}

/** Has a path, a stable code, a fix, and no word of the validator. */
function isWell({ path, severity, code, message, fix = '' }: ProblemFinding): boolean {
  return (
    /^(\/|$)/.test(path) &&
    severity === 'error' &&
    /^[a-z]+\.[a-z-]+$/.test(code) &&
    /\S/.test(fix) &&
    !/Invalid (input|discriminator)|Too (small|big):/.test(`${message} ${fix}`)
  );
}

describe('what is wrong with a document', () => {
  const action = z.discriminatedUnion('op', [
    z.strictObject({ op: z.literal('add'), into: z.string() }),
    z.strictObject({ op: z.literal('remove'), path: z.string() }),
  ]);
  const schema = z.strictObject({
    actions: z.array(action).min(1).max(3),
    when: z.iso.datetime().optional(),
    owner: z.uuid().optional(),
    code: z
      .string()
      .regex(/^[A-Z]+$/)
      .optional(),
    labels: z.record(z.string().regex(/^[a-z]+$/), z.string()).optional(),
    who: z.union([z.literal('me'), z.strictObject({ team: z.string() })]).optional(),
  });

  it.each<[string, unknown, string, string, string]>([
    ['a missing field', {}, '/actions', '"actions" is missing', 'add "actions" (array)'],
    ['too few entries', { actions: [] }, '/actions', '"actions" has too few entries', 'make it at least 1 entry'],
    [
      'an unknown form',
      { actions: [{ op: 'ad' }] },
      '/actions/0/op',
      '"actions.0.op" has an unknown value',
      'one of: add, remove',
    ],
    [
      'a form without its name',
      { actions: [{}] },
      '/actions/0/op',
      '"actions.0.op" is missing',
      'add "actions.0.op" (one of: add, remove)',
    ],
    [
      'a field that is misspelt, deep inside',
      { actions: [{ op: 'add', into: '', frist: true, pat: 'x' }] },
      '/actions/0/frist',
      '"frist" is no field here',
      'known fields: op, into, path',
    ],
    [
      'a moment',
      { actions: [{ op: 'add', into: '' }], when: 'tomorrow' },
      '/when',
      '"when" must be a moment such as 2026-11-26T08:00:00Z',
      'make it a moment such as 2026-11-26T08:00:00Z',
    ],
    [
      'a text of another form',
      { actions: [{ op: 'add', into: '' }], code: 'a' },
      '/code',
      '"code" must fit /^[A-Z]+$/',
      'it must fit /^[A-Z]+$/',
    ],
    [
      'a name of another form',
      { actions: [{ op: 'add', into: '' }], labels: { A: 'x' } },
      '/labels/A',
      'the name "labels.A" must fit /^[a-z]+$/',
      'choose another name',
    ],
    [
      'neither of two forms',
      { actions: [{ op: 'add', into: '' }], who: { taem: 'x' } },
      '/who/team',
      '"who.team" is missing',
      'add "who.team" (string)',
    ],
  ])('is told in plain words, with what would be right: %s', (_what, value, path, message, fix) => {
    expect(findingsOf(schema, value)).toContainEqual(
      expect.objectContaining({ path, severity: 'error', message, fix }),
    );
  });

  it('always has a path, a code, a severity and a fix, and no word of the validator, for every kind', () => {
    const junk = fc.jsonValue({ maxDepth: 3 });
    for (const kind of KINDS) {
      fc.assert(
        fc.property(fc.dictionary(fc.constantFrom('name', 'labels', 'uid'), junk), junk, (metadata, spec) => {
          for (const document of [spec, { apiVersion: 'muster/v1', kind: kind.kind, metadata, spec }]) {
            const judged = judgeInput(kind, document);
            // One expectation for all of them: there are tens of thousands.
            expect('findings' in judged ? judged.findings.filter((finding) => !isWell(finding)) : []).toEqual([]);
          }
        }),
        { numRuns: 40 },
      );
    }
  });

  it.each([
    ['a NUL', 'a\0b'],
    ['half of a surrogate pair', 'a\ud800b'],
  ])('is told of a text that no database keeps: %s', (_what, text) => {
    const document = { actions: [{ op: 'add', into: text }], labels: { ['a/~']: text }, [text]: 1 };
    expect(findingsOf(schema, document).filter(({ code }) => code === 'document.unstorable-text')).toEqual([
      expect.objectContaining({ path: '/actions/0/into', severity: 'error' }),
      expect.objectContaining({ path: '/labels/a~1~0' }),
      expect.objectContaining({ path: '' }),
    ]);
    const judged = judgeInput(taskSequence, {
      apiVersion: 'muster/v1',
      kind: 'TaskSequence',
      metadata: { name: 'x', displayName: text },
      spec: { steps: [], description: text },
    });
    expect('findings' in judged && judged.findings.map(({ path }) => path)).toEqual([
      '/metadata/displayName',
      '/spec/description',
    ]);
  });

  it('is told of such a text in what parsers of addresses make, whose objects have a prototype of their own', () => {
    const query = Object.assign(Object.create(Object.create(null) as object) as object, { name: 'a\0' });
    expect(findingsOf(z.object({ name: z.string() }), query)).toEqual([expect.objectContaining({ path: '/name' })]);
  });

  it('keeps any other text', () => {
    const text = '\u0001 \u202e \u{1f600} \ufffd';
    expect(findingsOf(schema, { actions: [{ op: 'add', into: text }] })).toEqual([]);
  });

  it('does not hide what is wrong with the rest of a sequence', () => {
    const judged = judgeInput(taskSequence, { apiVersion: 'muster/v1', kind: 'TaskSequence', metadata: {}, spec: 5 });
    expect('findings' in judged && judged.findings.map(({ path }) => path)).toEqual(['/metadata/name', '/spec']);
  });
});
