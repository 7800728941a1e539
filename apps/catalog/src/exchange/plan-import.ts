import { canonicalJson } from '@muster/contracts/digest.js';
import type { DuplicateAction, ImportedSequence } from '@muster/contracts/kinds/sequence-exchange.js';
import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';
import { STRIPPED_SECRET, secretValues, stripSecrets, withValues } from '@muster/sequence/edit/strip-secrets.js';
import type { SequenceSpec } from '@muster/sequence/model.js';

/** One sequence of an import. */
export interface SequenceToImport {
  readonly input: ResourceInput<SequenceSpec>;
  readonly onDuplicate: DuplicateAction;
  /** Secrets by their places. */
  readonly given: Readonly<Record<string, string>>;
}

export interface PlannedSequence {
  readonly outcome: ImportedSequence['outcome'];
  readonly secrets: ImportedSequence['secrets'];
  readonly suspended: boolean;
  /** What is to be saved, for `created` and `overwritten`. */
  readonly document?: ResourceInput<SequenceSpec>;
}

/**
 * What becomes of one sequence. A secret that is not given is the one that the sequence here has in the same place, when the step
 * around it is the same but for its secrets: a changed step could send it elsewhere.
 *
 * @param withoutSecrets save it suspended when secrets are missing. Without this, missing ones are for the caller to refuse.
 */
export function planSequence(
  { input, onDuplicate, given }: SequenceToImport,
  current: Resource<SequenceSpec> | undefined,
  withoutSecrets: boolean,
): PlannedSequence {
  if (current && onDuplicate === 'ignore') {
    const same = isSame(current, { ...input, spec: stripSecrets(input.spec).spec }, stripSecrets(current.spec).spec);
    return { outcome: same ? 'unchanged' : 'ignored', secrets: [], suspended: false };
  }
  const places = strippedPlaces(input.spec);
  const kept = current ? keptSecrets(places, input.spec, current.spec) : new Map<string, unknown>();
  const secrets = places.map((path): ImportedSequence['secrets'][number] => {
    const state = Object.hasOwn(given, path) ? 'given' : kept.has(path) ? 'kept' : 'missing';
    return { path, state };
  });
  const values = new Map<string, unknown>([...kept, ...Object.entries(given)]);
  const suspended = withoutSecrets && secrets.some(({ state }) => state === 'missing');
  const filled = withValues(input.spec, values);
  const spec = suspended ? { ...filled, enabled: false } : filled;
  const document: ResourceInput<SequenceSpec> = {
    apiVersion: API_VERSION,
    kind: input.kind,
    metadata: travelling(input),
    spec,
  };
  if (current && isSame(current, document, current.spec))
    return { outcome: 'unchanged', secrets: [], suspended: false };
  return { outcome: current ? 'overwritten' : 'created', secrets, suspended, document };
}

/** Where a secret is wanted. */
export function strippedPlaces(spec: SequenceSpec): string[] {
  return [...secretValues(spec)].filter(([, value]) => value === STRIPPED_SECRET).map(([place]) => place);
}

/** What of an object goes to another site: neither its uid nor its versions. */
export function travelling({ metadata }: Pick<ResourceInput, 'metadata'>): ResourceInput['metadata'] {
  const { name, displayName, folder, labels } = metadata;
  return {
    name,
    ...(displayName === undefined ? {} : { displayName }),
    ...(folder === undefined ? {} : { folder }),
    ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
  };
}

function isSame(current: Resource, wanted: Pick<ResourceInput, 'metadata' | 'spec'>, currentSpec: unknown): boolean {
  return canonicalJson([travelling(current), currentSpec]) === canonicalJson([travelling(wanted), wanted.spec]);
}

function keptSecrets(places: readonly string[], wanted: SequenceSpec, current: SequenceSpec): Map<string, unknown> {
  const values = secretValues(current);
  const stripped = stripSecrets(current).spec;
  return new Map(
    places.flatMap((place): [string, unknown][] => {
      const value = values.get(place);
      if (value === undefined || value === STRIPPED_SECRET) return [];
      const around = [...place.matchAll(/\/settings(?=\/)/g)].at(0)?.index;
      const same =
        around === undefined ||
        canonicalJson(at(stripped, place.slice(0, around))) === canonicalJson(at(wanted, place.slice(0, around)));
      return same ? [[place, value]] : [];
    }),
  );
}

/** What stands at a pointer that begins with `/spec` and has no escaped keys: that of a node. */
function at(spec: SequenceSpec, pointer: string): unknown {
  return (
    pointer
      .split('/')
      .slice(2)
      .reduce<unknown>((inside, key) => (inside as Record<string, unknown> | undefined)?.[key], spec) ?? null
  );
}
