import { nameKey } from './names.js';
import type { Variable, VariableInput, VariableLayer } from './variables.js';
import { toLayer } from './variables.js';

/** Variables of one collection; `priority` 1 (weakest, default) to 9. */
export interface CollectionVariables {
  readonly id: string;
  readonly priority?: number | undefined;
  readonly variables: VariableInput;
}

/** Two collections of the same priority say different things about one name. */
export interface CollectionConflict {
  readonly name: string;
  readonly winner: string;
  readonly losers: readonly string[];
}

/**
 * One layer out of all collections of a device (collections-variables.md VAR-05): the highest priority wins, among equals the
 * smaller id, by code points. Every clash among equals is returned, so that it can be said.
 */
export function mergeCollectionVariables(collections: readonly CollectionVariables[]): {
  layer: VariableLayer;
  conflicts: CollectionConflict[];
} {
  const strongestFirst = [...collections].sort(
    (a, b) => (b.priority ?? 1) - (a.priority ?? 1) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  const layer: Record<string, Variable> = {};
  const winners = new Map<string, CollectionVariables>();
  const conflicts = new Map<string, { name: string; winner: string; losers: string[] }>();
  for (const collection of strongestFirst) {
    for (const variable of Object.values(toLayer(collection.variables))) {
      const key = nameKey(variable.name);
      const winner = winners.get(key);
      if (!winner) {
        winners.set(key, collection);
        layer[key] = { ...variable, source: collection.id };
      } else if ((winner.priority ?? 1) === (collection.priority ?? 1) && layer[key]?.value !== variable.value) {
        const conflict = conflicts.get(key) ?? { name: variable.name, winner: winner.id, losers: [] };
        conflict.losers.push(collection.id);
        conflicts.set(key, conflict);
      }
    }
  }
  return { layer, conflicts: [...conflicts.values()] };
}
