import { LIMITS } from './limits.js';
import { isSecretName, nameKey } from './names.js';

/** One variable as it is stored: the spelling of its first writer, its text, and whether it must never be shown. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly secret?: boolean | undefined;
  /** Which collection it came from. */
  readonly source?: string | undefined;
}

/** Variables by case-insensitive key. Always asked with Object.hasOwn: `constructor` is a legal variable name. */
export type VariableLayer = Readonly<Record<string, Variable>>;

/**
 * Layers from strongest to weakest. The first layer that holds a name wins, even with an empty value:
 * empty means "does not exist" and hides the layers below it.
 *
 * | layer | who writes it |
 * |---|---|
 * | action | the engine: `_SMSTSCurrentActionName`, `_SMSTSLastAction*` |
 * | readOnly | the engine at the start: facts and other `_` names |
 * | run | steps of this run |
 * | media, device, collection | administrators (media replaces what the site says) |
 * | sequence | the document's `variables` |
 * | (local) | settings of the step that runs now; seen only where no layer above has a value |
 */
export const VARIABLE_LAYERS = ['action', 'readOnly', 'run', 'media', 'device', 'collection', 'sequence'] as const;
export type VariableLayerName = (typeof VARIABLE_LAYERS)[number];

/** All variables of a run. Plain data, never changed in place. `secrets` are the texts to mask, longest first. */
export type VariableStore = Readonly<Record<VariableLayerName, VariableLayer>> & {
  readonly secrets: readonly string[];
  /** Length of all names and values. */
  readonly characters: number;
};

/** A write by a step: `value` empty deletes. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly secret?: boolean | undefined;
}

/** What a caller hands in for one layer: plain texts, or a text marked as secret. */
export type VariableInput = Readonly<
  Record<string, string | { readonly value: string; readonly secret?: boolean | undefined }>
>;

/** Turns a caller's record into a layer. */
export function toLayer(input: VariableInput | undefined): VariableLayer {
  const layer: Record<string, Variable> = {};
  for (const [rawName, raw] of Object.entries(input ?? {})) {
    const name = rawName.trim();
    const { value, secret } = typeof raw === 'string' ? { value: raw } : raw;
    layer[nameKey(name)] = secret || isSecretName(name) ? { name, value, secret: true } : { name, value };
  }
  return layer;
}

/** Builds a store; layers that are not given are empty. */
export function createStore(layers: Partial<Record<VariableLayerName, VariableLayer>>): VariableStore {
  const secrets = Object.values(layers).flatMap((layer) =>
    Object.values(layer).flatMap((variable) => (variable.secret && variable.value !== '' ? [variable.value] : [])),
  );
  return {
    action: layers.action ?? {},
    readOnly: layers.readOnly ?? {},
    run: layers.run ?? {},
    media: layers.media ?? {},
    device: layers.device ?? {},
    collection: layers.collection ?? {},
    sequence: layers.sequence ?? {},
    secrets: sortSecrets(secrets),
    characters: Object.values(layers).reduce((sum, layer) => sum + layerCharacters(layer), 0),
  };
}

function layerCharacters(layer: VariableLayer): number {
  return Object.values(layer).reduce((sum, { name, value }) => sum + name.length + value.length, 0);
}

/** The winning variable, or undefined when the name does not exist or its winner is empty. */
export function readVariable(store: VariableStore, name: string): Variable | undefined {
  return readKey(store, nameKey(name));
}

/** The same by the key of a name (`nameKey`). */
export function readKey(store: VariableStore, key: string): Variable | undefined {
  const found = ownVariable(store.action, key) ?? ownVariable(store.readOnly, key) ?? ownVariable(store.run, key);
  const winner = found ?? givenVariables(store).get(key);
  return winner && winner.value !== '' ? winner : undefined;
}

function ownVariable(layer: VariableLayer, key: string): Variable | undefined {
  return Object.hasOwn(layer, key) ? layer[key] : undefined;
}

/** The winners among the layers that nobody writes during a run, empty values included. */
function givenVariables(store: VariableStore): ReadonlyMap<string, Variable> {
  const last = lastGiven;
  if (last && sharesGivenLayers(last.store, store)) return last.byKey;
  const byKey = new Map<string, Variable>();
  for (const name of givenLayers) for (const [key, variable] of Object.entries(store[name])) byKey.set(key, variable);
  lastGiven = { store, byKey };
  return byKey;
}

function sharesGivenLayers(one: VariableStore, other: VariableStore): boolean {
  return (
    one.device === other.device &&
    one.collection === other.collection &&
    one.sequence === other.sequence &&
    one.media === other.media
  );
}

/** Weakest first. */
const givenLayers = ['sequence', 'collection', 'device', 'media'] as const;

/** Of the store that was asked last: an engine looks at one run at a time. */
let lastGiven: { store: VariableStore; byKey: ReadonlyMap<string, Variable> } | undefined;

/** Every layer that holds a name: the first entry wins, the others lose. For explain. */
export function resolveVariable(
  store: VariableStore,
  name: string,
): { layer: VariableLayerName; variable: Variable }[] {
  const key = nameKey(name);
  return VARIABLE_LAYERS.flatMap((layer) => {
    const variable = Object.hasOwn(store[layer], key) ? store[layer][key] : undefined;
    return variable ? [{ layer, variable }] : [];
  });
}

/**
 * Writes variables of a step: `_` names (only trusted executors produce them) go to the read-only layer, others to the run layer.
 * Returns a new store. Names and lengths are the caller's business.
 */
export function assign(store: VariableStore, assignments: readonly Assignment[]): VariableStore {
  if (assignments.length === 0) return store;
  let { run, readOnly, characters } = store;
  const secrets = new Set(store.secrets);
  for (const { name, value, secret: declared } of assignments) {
    const secret = declared || isSecretName(name);
    const variable: Variable = secret ? { name, value, secret: true } : { name, value };
    const key = nameKey(name);
    const previous = name.startsWith('_') ? readOnly : run;
    const replaced = Object.hasOwn(previous, key) ? previous[key] : undefined;
    characters += name.length + value.length - (replaced ? replaced.name.length + replaced.value.length : 0);
    if (name.startsWith('_')) readOnly = { ...readOnly, [key]: variable };
    else run = { ...run, [key]: variable };
    if (secret && value !== '') secrets.add(value);
  }
  return {
    ...store,
    run,
    readOnly,
    characters,
    secrets: secrets.size === store.secrets.length ? store.secrets : sortSecrets([...secrets]),
  };
}

/** All variables that exist, winners only, secrets included. Order: strongest layer first. */
export function visibleVariables(store: VariableStore): Variable[] {
  const seen = new Set<string>();
  const visible: Variable[] = [];
  for (const layerName of VARIABLE_LAYERS) {
    for (const [key, variable] of Object.entries(store[layerName])) {
      if (seen.has(key)) continue;
      seen.add(key);
      if (variable.value !== '') visible.push(variable);
    }
  }
  return visible;
}

/**
 * Variables for a child process: `TS_<NAME>` with `-` as `_`; secrets are left out.
 * Example: `OSDComputerName` becomes `TS_OSDComputerName`.
 */
export function exportedEnvironment(store: VariableStore): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { name, value, secret } of visibleVariables(store)) {
    if (!secret && !value.includes('\0')) environment[`TS_${name.replaceAll('-', '_')}`] = value;
  }
  return environment;
}

/** What stands in a text where a secret was. */
export const MASK = '********';

/** Replaces every secret in a text; secrets must be sorted longest first. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) if (secret !== '') masked = masked.replaceAll(secret, () => MASK);
  return masked;
}

/** What is wrong with a value to store, or undefined. */
export function valueProblem(name: string, value: string): string | undefined {
  return value.length > LIMITS.variableValueLength
    ? `the value for "${name}" has ${value.length} characters; ${LIMITS.variableValueLength} are allowed`
    : undefined;
}

/** What is wrong with a store as a whole, or undefined: 32 MB in all (sequence-model.md section 12). */
export function storeProblem(store: VariableStore): { code: string; message: string } | undefined {
  return store.characters > LIMITS.environmentCharacters
    ? {
        code: 'variable.store-full',
        message: `all variables together have more than ${LIMITS.environmentCharacters} characters; nothing of this step was kept`,
      }
    : undefined;
}

/** Without doubles, longest first, as masking needs them. */
export function sortSecrets(secrets: readonly string[]): readonly string[] {
  return [...new Set(secrets)].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}
