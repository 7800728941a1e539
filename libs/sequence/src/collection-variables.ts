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
  const layer: Record<string, Variable> = {};
  for (const { id, variables } of strongestFirst(collections)) {
    for (const variable of Object.values(toLayer(variables))) {
      const key = nameKey(variable.name);
      if (!Object.hasOwn(layer, key)) layer[key] = { ...variable, source: id };
    }
  }
  return layer;
}

/** One collection's value of a variable. */
export interface CollectionValue {
  readonly collection: string;
  readonly priority: number;
  readonly variable: Variable;
}

/** Every collection that sets a variable: the first wins, the others lose. For explain. */
export function rankCollectionValues(collections: readonly CollectionVariables[], name: string): CollectionValue[] {
  const key = nameKey(name);
  return strongestFirst(collections).flatMap(({ id, priority, variables }) => {
    const variable = Object.values(toLayer(variables)).find((one) => nameKey(one.name) === key);
    return variable ? [{ collection: id, priority: priority ?? 1, variable }] : [];
  });
}

function strongestFirst(collections: readonly CollectionVariables[]): CollectionVariables[] {
  return collections.toSorted(
    (a, b) => (b.priority ?? 1) - (a.priority ?? 1) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
}
