import type { PolicyVariable, PolicyVariables, SealedValues } from '@muster/contracts/agent/policy.js';
import type { ToldVariable } from '@muster/contracts/events/variables-changed.js';
import type { VariableSet } from './variable-set.repository.js';

/** What a device is told of variables, before the hidden values are sealed to it. */
export type OpenVariables = Omit<PolicyVariables, 'sealed'>;

/** The variables of a device out of its own set and those of its collections; collections in the order of names. */
export function tellVariables(sets: readonly VariableSet[]): OpenVariables {
  const own = sets.find(({ owner }) => owner.kind === 'Device');
  return {
    device: (own?.variables ?? []).map(toPolicy),
    collections: sets
      .filter(({ owner }) => owner.kind === 'Collection')
      .toSorted((one, other) => (one.owner.name < other.owner.name ? -1 : 1))
      .map(({ owner, priority, variables }) => ({ name: owner.name, priority, variables: variables.map(toPolicy) })),
  };
}

/**
 * The hidden values in the places where the device looks for them; undefined: there are none.
 *
 * @param open opens one of them; undefined: it cannot be opened, and the device is told that there is one and not its value
 */
export async function hiddenValues(
  sets: readonly VariableSet[],
  open: (owner: VariableSet['owner'], name: string, sealed: string) => Promise<string | undefined>,
): Promise<SealedValues | undefined> {
  // Without a prototype: any text may be a name.
  const nothing = (): Record<string, string> => Object.create(null) as Record<string, string>;
  const values: SealedValues = { device: nothing(), collections: Object.create(null) as SealedValues['collections'] };
  let found = false;
  for (const { owner, variables } of sets) {
    for (const variable of variables) {
      if (!('sealed' in variable)) continue;
      const value = await open(owner, variable.name, variable.sealed);
      if (value === undefined) continue;
      found = true;
      const place = owner.kind === 'Device' ? values.device : (values.collections[owner.name] ??= nothing());
      place[variable.name] = value;
    }
  }
  return found ? values : undefined;
}

function toPolicy(variable: ToldVariable): PolicyVariable {
  const { name } = variable;
  return 'sealed' in variable ? { name, hidden: true } : { name, value: variable.value };
}
