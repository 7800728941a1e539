import { applyDifference } from './edit/apply-difference.js';
import { diffSequences } from './edit/diff-sequences.js';
import type { PatchOperation } from './edit/patch-model.js';
import { patchSequence } from './edit/patch-sequence.js';
import { sequenceWords } from './edit/search-words.js';
import { LIMITS } from './limits.js';
import type { SequenceSpec, StepNode } from './model.js';
import { simulate } from './simulate.js';
import { validateSequence } from './validate.js';

const kept = { 'import/xml': '<step runFromNet="true" />' };
const first: StepNode = {
  step: 'A',
  type: 'SetTaskSequenceVariable',
  settings: { name: 'X', value: '1' },
  annotations: kept,
};
const spec: SequenceSpec = {
  annotations: { 'import/facts': '{}' },
  steps: [
    { group: 'G', annotations: { 'import/xml': '<group expand="true" />' }, steps: [first] },
    { sequence: 'child', annotations: { 'import/ids': '{"child":"ABC00001"}' } },
  ],
};

function patched(...operations: PatchOperation[]): SequenceSpec {
  const result = patchSequence(spec, operations, { other: spec });
  if (!('spec' in result)) throw new Error(JSON.stringify(result.findings));
  return result.spec;
}

function codes(annotations: unknown): string[] {
  return validateSequence({ steps: [{ ...first, annotations }] }).map(({ path, severity }) => `${severity} ${path}`);
}

describe('annotations', () => {
  it('may stand on a sequence, a group, a step and a call', () => {
    expect(validateSequence(spec)).toEqual([]);
  });

  it.each<[string, PatchOperation[], string]>([
    ['renamed', [{ op: 'rename', path: 'G/A', name: 'B' }], 'G/B'],
    ['moved out of its group', [{ op: 'move', path: 'G/A', into: '' }], 'A'],
    ['copied', [{ op: 'copy', path: 'G/A', name: 'C', into: 'G' }], 'G/C'],
    ['copied out of another sequence', [{ op: 'copy', path: 'G/A', sequence: 'other', name: 'D', into: '' }], 'D'],
    ['disabled', [{ op: 'disable', path: 'G/A' }], 'G/A'],
    [
      'disabled and enabled',
      [
        { op: 'disable', path: 'G/A' },
        { op: 'enable', path: 'G/A' },
      ],
      'G/A',
    ],
    ['given other settings', [{ op: 'merge', path: 'G/A', fields: { settings: { value: '2' } } }], 'G/A'],
    [
      'moved with its group',
      [
        { op: 'rename', path: 'G', name: 'H' },
        { op: 'move', path: 'H', after: 'child' },
      ],
      'H/A',
    ],
  ])('stay with a node that is %s', (_, operations, path) => {
    let nodes = patched(...operations).steps;
    let found: unknown;
    for (const name of path.split('/')) {
      found = nodes.find(
        (node) => ('group' in node ? node.group : 'step' in node ? node.step : node.sequence) === name,
      );
      nodes = (found as { steps?: typeof nodes }).steps ?? [];
    }
    expect(found).toMatchObject({ annotations: kept });
  });

  it('stay with the sequence when its properties change', () => {
    const { annotations } = patched({ op: 'merge', path: '', fields: { displayName: 'New' } });
    expect(annotations).toEqual(spec.annotations);
  });

  it('are compared by name, and a difference brings them along', () => {
    const after = patched({ op: 'merge', path: 'G/A', fields: { annotations: { 'import/xml': 'y', note: 'z' } } });
    const difference = diffSequences(spec, after);
    expect(difference.changed.map(({ fields }) => fields)).toEqual([
      [
        { field: '/annotations/import~1xml', before: kept['import/xml'], after: 'y' },
        { field: '/annotations/note', after: 'z' },
      ],
    ]);
    expect(applyDifference(spec, difference)).toEqual(after);
  });

  it('do not hide that a step which moved is the same step', () => {
    const difference = diffSequences(spec, patched({ op: 'move', path: 'G/A', into: '' }));
    expect([difference.moved.length, difference.added.length, difference.removed.length]).toEqual([1, 0, 0]);
  });

  it('change nothing of a run', () => {
    const steps = [first];
    const bare = steps.map(({ annotations: _, ...rest }) => rest);
    const run = (nodes: StepNode[]) =>
      simulate(
        {
          type: 'run-started',
          runId: 'r',
          sequence: { name: 's', spec: { steps: nodes } },
          variables: {},
          facts: { phase: 'FullOS' },
        },
        () => ({ exitCode: 0 }),
        '2026-01-01T00:00:00Z',
      );
    const [with_, without] = [run(steps), run(bare)];
    expect([with_.reports, with_.finished]).toEqual([without.reports, without.finished]);
  });

  it('are not searched', () => {
    expect(sequenceWords(spec, [], 10_000)).not.toContain('runfromnet');
  });

  it.each([
    ['a name with a blank', { 'a b': 'x' }],
    ['a name of two parts and more', { 'a/b/c': 'x' }],
    ['a name that is too long', { [`a${'b'.repeat(LIMITS.annotationNameLength)}`]: 'x' }],
    ['a value that is no text', { a: 1 }],
    ['a value that is too long', { a: 'x'.repeat(LIMITS.annotationLength + 1) }],
    ['too many', Object.fromEntries(Array.from({ length: LIMITS.annotations + 1 }, (_, index) => [`a${index}`, 'x']))],
    ['a list', ['x']],
  ])('are refused with %s', (_, annotations) => {
    expect(codes(annotations)).toEqual([expect.stringMatching(/^error \/spec\/steps\/0\/annotations/)]);
  });
});
