import { mergeVariables } from './merge-variables.js';

const at = new Date('2026-11-26T02:00:00.000Z');
const old = '2026-11-01T00:00:00.000Z';
const hidden = (name: string, setAt?: string) => ({ name, hidden: true as const, ...(setAt ? { setAt } : {}) });

describe('variables that are saved', () => {
  it('keep a hidden value for which the document brings no new one, whatever case its name is written in', () => {
    const { variables, missing } = mergeVariables([hidden('Token', old)], [hidden('TOKEN')], new Set(), at);
    expect([variables, missing]).toEqual([[hidden('TOKEN', old)], []]);
  });

  it('say when a new hidden value was given, and never believe the document about that', () => {
    const { variables } = mergeVariables([], [hidden('Token', '1999-01-01T00:00:00.000Z')], new Set(['token']), at);
    expect(variables).toEqual([hidden('Token', at.toISOString())]);
  });

  it('tell a second value in the same millisecond, or before a clock that was set back, from the first', () => {
    const before = [hidden('Token', '2026-11-26T02:00:00.005Z')];
    const { variables } = mergeVariables(before, [hidden('Token')], new Set(['token']), at);
    expect(variables).toEqual([hidden('Token', '2026-11-26T02:00:00.006Z')]);
  });

  it('miss the value of a hidden one that is new, or was visible until now', () => {
    const before = [{ name: 'Ring', value: 'pilot' }];
    expect(mergeVariables(before, [hidden('Ring'), hidden('Other', old)], new Set(), at).missing).toEqual([0, 1]);
  });

  it('let a hidden variable become a visible one only with a value of its own', () => {
    const { variables } = mergeVariables([hidden('Token', old)], [{ name: 'Token', value: 'new' }], new Set(), at);
    expect(variables).toEqual([{ name: 'Token', value: 'new' }]);
  });
});
