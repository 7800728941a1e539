import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { SequenceNode, SequenceSpec } from '@muster/sequence/model.js';
import { collectChildren } from './collect-children.js';

const uid = '7b7e4c5e-0000-4000-8000-000000000001';
const revision = (name: string, spec: SequenceSpec): SequenceRevision => ({
  uid,
  name,
  revision: 1,
  digest: digestOf(spec),
  spec,
});
const pointing = (...names: string[]): SequenceSpec => ({ steps: names.map((name) => ({ sequence: name })) });

/** Collects from these sequences; `asked` are the questions. */
async function collect(parent: SequenceSpec, specs: Record<string, SequenceSpec>) {
  const asked: string[][] = [];
  const children = await collectChildren(revision('parent', parent), async (names) => {
    asked.push([...names]);
    return names.map((name) => (specs[name] ? revision(name, specs[name]) : null));
  });
  return { asked, children, names: [...children.revisions.keys()] };
}

describe('collecting children', () => {
  it('asks for each sequence once, however many nodes and children name it, and ends in a circle', async () => {
    const specs = { a: pointing('c'), b: pointing('c', 'c'), c: pointing('a') };
    const { asked, names } = await collect(pointing('a', 'b', 'a'), specs);
    expect(asked).toEqual([['a', 'b'], ['c']]);
    expect(names).toEqual(['a', 'b', 'c']);
  });

  it('asks nothing without children', async () => {
    expect((await collect({ steps: [] }, {})).asked).toEqual([]);
  });

  it('does not look behind disabled nodes, in disabled groups and in disabled sequences', async () => {
    const steps: SequenceNode[] = [
      { sequence: 'off', disabled: true },
      { group: 'Off', disabled: true, steps: [{ group: 'In', steps: [{ sequence: 'off' }] }] },
      { group: 'On', steps: [{ sequence: 'asleep' }] },
    ];
    const { names } = await collect({ steps }, { asleep: { enabled: false, ...pointing('off') }, off: pointing() });
    expect(names).toEqual(['asleep']);
  });

  it('knows without asking that nothing has an impossible name', async () => {
    const { asked, children } = await collect(pointing('Not A Name', 'a'), { a: pointing() });
    expect(asked).toEqual([['a']]);
    expect(children.revisions.get('Not A Name')).toBeNull();
  });

  it('stops reading when it is more than any body may hold', async () => {
    const large = (next: string): SequenceSpec => ({ ...pointing(next), variables: { X: 'x'.repeat(12_000_000) } });
    const { asked, children } = await collect(pointing('a'), { a: large('b'), b: large('c'), c: large('d') });
    expect(asked).toEqual([['a'], ['b'], ['c']]);
    expect(children.tooLarge).toBe(true);
  });
});
