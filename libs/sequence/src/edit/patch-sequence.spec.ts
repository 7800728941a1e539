import * as fc from 'fast-check';
import { anyEdit, anySequence } from '../../test/random-sequences.js';
import type { SequenceNode, SequenceSpec } from '../model.js';
import { validateSequence } from '../validate.js';
import { describeDifference } from './describe-difference.js';
import { diffSequences } from './diff-sequences.js';
import { nodePaths } from './node-paths.js';
import { type PatchOperation, sequencePatchSchema } from './patch-model.js';
import { patchSequence } from './patch-sequence.js';

const run = (step: string, more: object = {}): SequenceNode => ({
  step,
  type: 'RunCommandLine',
  settings: { command: `do ${step}` },
  ...more,
});
const spec: SequenceSpec = {
  variables: { A: '1' },
  steps: [
    { group: 'Prepare', steps: [run('a'), run('b'), run('a')] },
    run('Install hello', { timeoutSeconds: 60, retry: { attempts: 3, backoffSeconds: 5 } }),
    { group: 'End', disabled: true, steps: [{ sequence: 'child' }] },
  ],
};

function patched(...operations: PatchOperation[]): SequenceSpec {
  const before = JSON.stringify(spec);
  const result = patchSequence(spec, sequencePatchSchema.parse({ operations }).operations, {
    other: { steps: [{ group: 'Kit', steps: [run('tool')] }] },
    'other@2': { steps: [run('old tool')] },
  });
  expect(JSON.stringify(spec)).toBe(before);
  if ('findings' in result)
    throw new Error(
      result.findings.map(({ path, code, message, fix }) => `${path} ${code} ${message}; ${fix}`).join('\n'),
    );
  expect(validateSequence(result.spec)).toEqual([]);
  return result.spec;
}
const paths = (...operations: PatchOperation[]) => nodePaths(patched(...operations)).map(({ path }) => path);
const node = (at: string, ...operations: PatchOperation[]) =>
  nodePaths(patched(...operations)).find(({ path }) => path === at)?.node;

const all = ['Prepare', 'Prepare/a', 'Prepare/b', 'Prepare/a (2)', 'Install hello', 'End', 'End/child'];

describe('a patch of a sequence', () => {
  it('adds before, after and into', () => {
    expect(paths({ op: 'add', node: { ...run('new') }, before: 'Prepare/a (2)' })).toEqual(
      all.toSpliced(3, 0, 'Prepare/new'),
    );
    expect(paths({ op: 'add', node: { ...run('new') }, after: 'Prepare' })).toEqual(all.toSpliced(4, 0, 'new'));
    expect(paths({ op: 'add', node: { ...run('new') }, into: 'Prepare' })).toEqual(all.toSpliced(4, 0, 'Prepare/new'));
    expect(paths({ op: 'add', node: { ...run('new') }, into: '', first: true })).toEqual(['new', ...all]);
    expect(paths({ op: 'add', node: { group: 'G', steps: [run('x')] }, into: '' })).toEqual([...all, 'G', 'G/x']);
  });

  it('removes a node and what is in it', () => {
    expect(paths({ op: 'remove', path: 'Prepare' })).toEqual(all.slice(4));
    expect(paths({ op: 'remove', path: 'Prepare/a' })).toEqual(['Prepare', 'Prepare/b', 'Prepare/a', ...all.slice(4)]);
  });

  it('moves up and down, at the edge out of the group', () => {
    expect(paths({ op: 'move', path: 'Prepare/b', direction: 'up' }).slice(0, 4)).toEqual([
      'Prepare',
      'Prepare/b',
      'Prepare/a',
      'Prepare/a (2)',
    ]);
    expect(paths({ op: 'move', path: 'Prepare/b', direction: 'down' })).toEqual([
      'Prepare',
      'Prepare/a',
      'Prepare/a (2)',
      'Prepare/b',
      ...all.slice(4),
    ]);
    expect(paths({ op: 'move', path: 'Prepare/a', direction: 'up' })).toEqual([
      'a',
      'Prepare',
      'Prepare/b',
      'Prepare/a',
      ...all.slice(4),
    ]);
    expect(paths({ op: 'move', path: 'End/child', direction: 'down' })).toEqual([...all.slice(0, 6), 'child']);
  });

  it('moves into the group that stands there, so that up and down undo each other', () => {
    expect(paths({ op: 'move', path: 'Install hello', direction: 'up' })).toEqual([
      ...all.slice(0, 4),
      'Prepare/Install hello',
      ...all.slice(5),
    ]);
    expect(paths({ op: 'move', path: 'Install hello', direction: 'down' })).toEqual([
      ...all.slice(0, 4),
      'End',
      'End/Install hello',
      'End/child',
    ]);
    fc.assert(
      fc.property(anySequence, fc.nat(), fc.constantFrom('up', 'down'), (before, at, direction) => {
        const places = nodePaths(before);
        const placed = places[at % Math.max(1, places.length)];
        // A group that is moved is another object, with lists of its own.
        if (!placed || 'group' in placed.node) return;
        const there = patchSequence(before, [{ op: 'move', path: placed.path, direction }]);
        if ('findings' in there) return expect(there.findings[0]?.code).toBe('edit.at-the-edge');
        const now = nodePaths(there.spec).find(({ node }) => node === placed.node)?.path ?? '';
        const back = patchSequence(there.spec, [
          { op: 'move', path: now, direction: direction === 'up' ? 'down' : 'up' },
        ]);
        expect(back).toEqual({ spec: before });
      }),
      { numRuns: 300 },
    );
  });

  it('moves anywhere, forwards and backwards in its own list too', () => {
    expect(paths({ op: 'move', path: 'Prepare', after: 'End' })).toEqual([
      'Install hello',
      'End',
      'End/child',
      ...all.slice(0, 4),
    ]);
    expect(paths({ op: 'move', path: 'End', before: 'Prepare' })).toEqual(['End', 'End/child', ...all.slice(0, 5)]);
    expect(paths({ op: 'move', path: 'Install hello', into: 'End', first: true })).toEqual([
      ...all.slice(0, 4),
      'End',
      'End/Install hello',
      'End/child',
    ]);
    expect(paths({ op: 'move', path: 'End', after: 'End' })).toEqual(all);
  });

  it('copies, from another sequence and an old revision of it too', () => {
    expect(paths({ op: 'copy', path: 'Prepare', after: 'Prepare', name: 'Again' })).toEqual(
      all.toSpliced(4, 0, 'Again', 'Again/a', 'Again/b', 'Again/a (2)'),
    );
    expect(paths({ op: 'copy', path: 'Kit', sequence: 'other', into: 'End' })).toEqual([
      ...all,
      'End/Kit',
      'End/Kit/tool',
    ]);
    expect(paths({ op: 'copy', path: 'old tool', sequence: 'other', revision: 2, into: '' })).toEqual([
      ...all,
      'old tool',
    ]);
  });

  it('renames, disables and enables', () => {
    expect(paths({ op: 'rename', path: 'Prepare/a (2)', name: 'c' })[3]).toBe('Prepare/c');
    expect(node('End/grandchild', { op: 'rename', path: 'End/child', name: 'grandchild' })).toEqual({
      sequence: 'grandchild',
    });
    expect(node('Prepare/b', { op: 'disable', path: 'Prepare/b' })?.disabled).toBe(true);
    expect(node('End', { op: 'enable', path: 'End' })).toEqual({ group: 'End', steps: [{ sequence: 'child' }] });
    expect(patched({ op: 'enable', path: 'Prepare' })).toEqual(spec);
  });

  it('merges fields, removes what is null, and replaces whole nodes', () => {
    expect(
      node('Install hello', {
        op: 'merge',
        path: 'Install hello',
        fields: { settings: { shell: true }, retry: { backoffSeconds: null }, timeoutSeconds: null, runIn: 'FullOS' },
      }),
    ).toEqual({
      step: 'Install hello',
      type: 'RunCommandLine',
      settings: { command: 'do Install hello', shell: true },
      retry: { attempts: 3 },
      runIn: 'FullOS',
    });
    expect(node('Prepare/a', { op: 'merge', path: 'Prepare', fields: { continueOnError: true } })).toEqual(run('a'));
    expect(patched({ op: 'merge', path: '', fields: { displayName: 'D', variables: { A: null, B: '2' } } })).toEqual({
      ...spec,
      displayName: 'D',
      variables: { B: '2' },
    });
    expect(paths({ op: 'replace', path: 'Prepare', node: { sequence: 'prepare' } })).toEqual([
      'prepare',
      ...all.slice(4),
    ]);
  });

  it('goes by the paths that the operations before have left', () => {
    expect(
      paths(
        { op: 'rename', path: 'Prepare', name: 'P' },
        { op: 'remove', path: 'P/a' },
        { op: 'move', path: 'P/a', into: '' },
      ),
    ).toEqual(['P', 'P/b', 'Install hello', 'End', 'End/child', 'a']);
  });

  it.each<[string, PatchOperation, string]>([
    [
      'a typing mistake',
      { op: 'remove', path: 'Instal hello' },
      '/operations/1/path edit.no-such-node operation 2 (remove): there is no node "Instal hello"; did you mean "Install hello"?',
    ],
    ['a name without its group', { op: 'disable', path: 'b' }, 'did you mean "Prepare/b"?'],
    ['several that are alike', { op: 'disable', path: 'End/a' }, 'did you mean "Prepare/a" or "Prepare/a (2)"?'],
    ['nothing like it', { op: 'disable', path: 'Zebra/Quagga' }, 'the paths are those of reports: group/step'],
    [
      'no place',
      { op: 'add', node: { ...run('x') } },
      '/operations/1 edit.place operation 2 (add): nothing says where',
    ],
    [
      'two places',
      { op: 'add', node: { ...run('x') }, before: 'Prepare', into: '' },
      'before and into are given at once',
    ],
    [
      'a place and a direction',
      { op: 'move', path: 'Prepare', direction: 'up', into: '' },
      '/operations/1/direction edit.place',
    ],
    ['into a step', { op: 'move', path: 'Prepare', into: 'Install hello' }, '/operations/1/into edit.not-a-group'],
    ['into itself', { op: 'move', path: 'Prepare', after: 'Prepare/b' }, 'edit.into-itself'],
    [
      'up at the top',
      { op: 'move', path: 'Prepare', direction: 'up' },
      'edit.at-the-edge operation 2 (move): "Prepare" is the first node already',
    ],
    [
      'another sequence that is not there',
      { op: 'copy', path: 'x', sequence: 'nobody', into: '' },
      '/operations/1/sequence edit.no-such-sequence',
    ],
    ['a revision of nothing', { op: 'copy', path: 'x', revision: 2, into: '' }, '/operations/1/revision edit.place'],
    ['a node that is none', { op: 'add', node: { stepp: 'x' }, into: '' }, '/operations/1/node sequence.unknown-node'],
    [
      'an unknown setting',
      { op: 'merge', path: 'Prepare/b', fields: { settings: { comand: 'x' } } },
      '/operations/1/fields/settings/comand sequence.unknown-field',
    ],
    [
      'a wrong property',
      { op: 'merge', path: '', fields: { variables: { _X: '1' } } },
      '/operations/1/fields/variables/_X variable.read-only',
    ],
    [
      'steps as a field',
      { op: 'merge', path: 'Prepare', fields: { steps: [] } },
      '/operations/1/fields/steps edit.steps',
    ],
    ['a second kind', { op: 'merge', path: 'Prepare/b', fields: { group: 'G' } }, 'sequence.unknown-node'],
    ['an empty name', { op: 'rename', path: 'Prepare', name: '' }, '/operations/1/name sequence.out-of-range'],
  ])('is refused as a whole, and says which operation and what would be right: %s', (_what, operation, message) => {
    expect(() =>
      patched(
        { op: 'remove', path: 'Prepare/a' },
        { op: 'add', node: { ...run('a') }, into: 'Prepare', first: true } as PatchOperation,
        operation,
      ),
    ).toThrow(message.replace('operation 2', 'operation 3').replace('/operations/1', '/operations/2'));
  });

  it('never breaks a valid sequence, whatever is asked of it', () => {
    const path = (all: string[]) => fc.oneof(fc.constantFrom(...all, 'nowhere', ''), fc.string());
    const operationOn = (all: string[]) => {
      const place = fc.oneof(
        fc.record({ before: path(all) }),
        fc.record({ after: path(all) }),
        fc.record({ into: path(all), first: fc.boolean() }),
      );
      return fc.oneof(
        fc.tuple(path(all), place).map(([path, place]) => ({ op: 'move' as const, path, ...place })),
        fc.tuple(path(all), place).map(([path, place]) => ({ op: 'copy' as const, path, ...place })),
        fc
          .tuple(path(all), fc.constantFrom('up', 'down'))
          .map(([path, direction]) => ({ op: 'move' as const, path, direction })),
        path(all).map((path) => ({ op: 'remove' as const, path })),
        path(all).map((path) => ({ op: 'disable' as const, path })),
        fc.tuple(path(all), fc.string()).map(([path, name]) => ({ op: 'rename' as const, path, name })),
        fc
          .tuple(path(all), fc.dictionary(fc.string(), fc.jsonValue()))
          .map(([path, fields]) => ({ op: 'merge' as const, path, fields })),
      ) as fc.Arbitrary<PatchOperation>;
    };
    const scene = anySequence
      .filter((one) => validateSequence(one).length === 0)
      .chain((one) =>
        fc.tuple(fc.constant(one), fc.array(operationOn(nodePaths(one).map(({ path }) => path)), { maxLength: 4 })),
      );
    fc.assert(
      fc.property(scene, ([before, operations]) => {
        const text = JSON.stringify(before);
        const result = patchSequence(before, operations);
        expect(JSON.stringify(before)).toBe(text);
        if ('spec' in result) expect(validateSequence(result.spec)).toEqual([]);
        else expect(result.findings[0]?.path).toMatch(/^\/operations\/\d/);
      }),
      { numRuns: 300 },
    );
  });

  it('can bring a sequence to where every single difference leads: removing what was added', () => {
    fc.assert(
      fc.property(anyEdit, ([before, after]) => {
        const { added } = diffSequences(before, after);
        const [first] = added;
        if (!first) return;
        const result = patchSequence(after, [{ op: 'remove', path: first.path }]);
        expect('spec' in result).toBe(true);
        if ('spec' in result) expect(describeDifference(diffSequences(after, result.spec)).length).toBeGreaterThan(0);
      }),
    );
  });
});
