import { policyVariablesSchema } from '@muster/contracts/agent/policy.js';
import type { ToldVariable } from '@muster/contracts/events/variables-changed.js';
import { hiddenValues, tellVariables } from './tell-variables.js';
import type { VariableSet } from './variable-set.repository.js';

const setOf = (
  kind: 'Device' | 'Collection',
  name: string,
  priority: number,
  variables: ToldVariable[],
): VariableSet => ({
  owner: { kind, uid: '7b7e4c5e-0000-4000-8000-000000000001', name },
  priority,
  variables,
});
const sets = [
  setOf('Collection', 'web', 1, [{ name: 'Token', sealed: 'a..b.c.d' }]),
  setOf('Device', 'web-1', 1, [
    { name: 'Ring', value: 'own' },
    { name: '__proto__', sealed: 'e..f.g.h' },
  ]),
  setOf('Collection', 'lab', 9, [{ name: 'Ring', value: 'lab' }]),
];

describe('the variables that a device is told', () => {
  it('are its own and those of its collections by name, hidden ones without a value', () => {
    const told = tellVariables(sets);
    expect(told).toEqual({
      device: [
        { name: 'Ring', value: 'own' },
        { name: '__proto__', hidden: true },
      ],
      collections: [
        { name: 'lab', priority: 9, variables: [{ name: 'Ring', value: 'lab' }] },
        { name: 'web', priority: 1, variables: [{ name: 'Token', hidden: true }] },
      ],
    });
    expect(policyVariablesSchema.parse(told)).toEqual(told);
  });

  it('have their hidden values in the same places, whatever their names are', async () => {
    const values = await hiddenValues(sets, async (owner, name) => `${owner.name}:${name}`);
    expect(JSON.parse(JSON.stringify(values))).toEqual(
      JSON.parse('{"device": {"__proto__": "web-1:__proto__"}, "collections": {"web": {"Token": "web:Token"}}}'),
    );
  });

  it('leave out a hidden value that cannot be opened, and are not sealed at all when there is none', async () => {
    const some = await hiddenValues(sets, async (_owner, name) => (name === 'Token' ? 'geheim' : undefined));
    expect(JSON.stringify(some)).toBe('{"device":{},"collections":{"web":{"Token":"geheim"}}}');
    expect(await hiddenValues(sets, async () => undefined)).toBeUndefined();
  });
});
