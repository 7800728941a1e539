import type { DeviceVariable } from '@muster/contracts/kinds/variables.js';
import { nameKey } from '@muster/sequence/names.js';

/** The variables to save, and the places (index) of hidden ones whose value nobody has. */
export interface MergedVariables {
  readonly variables: DeviceVariable[];
  readonly missing: readonly number[];
}

/**
 * What is saved of the variables that a document brings: a hidden one keeps its value unless there is a new one, and says
 * when it was given, so that a document with another value is another document.
 *
 * @param given keys of names (`nameKey`) that come with a new value
 */
export function mergeVariables(
  before: readonly DeviceVariable[],
  now: readonly DeviceVariable[],
  given: ReadonlySet<string>,
  at: Date,
): MergedVariables {
  const kept = new Map(
    before.flatMap(({ name, hidden, setAt }) => (hidden && setAt !== undefined ? [[nameKey(name), setAt]] : [])),
  );
  const missing: number[] = [];
  const variables = now.map(({ name, value, hidden }, index): DeviceVariable => {
    if (!hidden) return value === undefined ? { name } : { name, value };
    const last = kept.get(nameKey(name));
    if (given.has(nameKey(name))) return { name, hidden, setAt: laterThan(last, at) };
    if (last !== undefined) return { name, hidden, setAt: last };
    missing.push(index);
    return { name, hidden };
  });
  return { variables, missing };
}

/** Two values within one millisecond, or a clock that was set back, must not look like one value. */
function laterThan(last: string | undefined, at: Date): string {
  return new Date(last === undefined ? at : Math.max(at.getTime(), Date.parse(last) + 1)).toISOString();
}
