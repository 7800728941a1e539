import { nameKey } from './names.js';
import { type Variable, type VariableInput, type VariableLayer, toLayer } from './variables.js';

/** Variables of one collection; `priority` 1 (weakest, default) to 9. */
export interface CollectionVariables {
  readonly id: string;
  readonly priority?: number | undefined;
  readonly variables: VariableInput;
}

/**
 * One layer out of all collections of a device (collections-variables.md VAR-05): the highest priority wins, among equals the
 * smaller id, by code points. Each variable says which collection it comes from.
 */
export function mergeCollectionVariables(collections: readonly CollectionVariables[]): VariableLayer {
  const strongestFirst = [...collections].sort(
    (a, b) => (b.priority ?? 1) - (a.priority ?? 1) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  const layer: Record<string, Variable> = {};
  for (const { id, variables } of strongestFirst) {
    for (const variable of Object.values(toLayer(variables))) {
      const key = nameKey(variable.name);
      if (!Object.hasOwn(layer, key)) layer[key] = { ...variable, source: id };
    }
  }
  return layer;
}
