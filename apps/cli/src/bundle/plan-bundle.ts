import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { DuplicateAction, ImportedSequence, ImportRequest } from '@muster/contracts/kinds/sequence-exchange.js';
import type { Digest } from '@muster/contracts/digest.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { type Bundle, type BundledObject, objectKey } from './bundle-model.js';
import { isSameObject, type TravellingResource } from './travelling-object.js';

/** What a user decided about an archive. */
export interface BundleWishes {
  /** Objects (`Kind/name`) to replace where they are here with other content; `all`: every one. */
  readonly overwrite: ReadonlySet<string> | 'all';
  /** Secrets by sequence and place: `NAME/spec/…`. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly withoutSecrets: boolean;
}

/** What becomes of one object. `completed`: its content was never uploaded to the end. */
export interface PlannedObject {
  readonly kind: string;
  readonly name: string;
  readonly outcome: ImportedSequence['outcome'] | 'completed';
  readonly secrets: ImportedSequence['secrets'];
  readonly suspended: boolean;
  readonly findings: readonly ProblemFinding[];
}

/**
 * What becomes of content or an application, given the one of its name that is here.
 *
 * @param here digest of the files of its newest version, whatever way they are stored; undefined when it has none, as applications never do
 */
export function planObject(
  object: BundledObject,
  current: TravellingResource | undefined,
  here: Digest | undefined,
  action: DuplicateAction,
): PlannedObject {
  const { kind, name } = object;
  const outcome = ((): PlannedObject['outcome'] => {
    if (!current) return 'created';
    const same = isSameObject(current, object.document);
    if (same && (object.content === undefined || object.content === here)) return 'unchanged';
    if (same && here === undefined) return 'completed';
    return action === 'overwrite' ? 'overwritten' : 'ignored';
  })();
  return { kind, name, outcome, secrets: [], suspended: false, findings: [] };
}

/** @throws CliError `cli.usage` when a wish names what the archive does not have */
export function checkWishes({ objects }: Bundle, { overwrite, secrets }: BundleWishes): void {
  const keys = new Set(objects.map(objectKey));
  const places = new Set(objects.flatMap(({ name, secrets: taken = [] }) => taken.map((place) => `${name}${place}`)));
  for (const key of overwrite === 'all' ? [] : overwrite)
    if (!keys.has(key)) throw usage(`--overwrite: the archive has no ${key}; it has ${[...keys].join(', ')}`);
  for (const place of secrets.keys())
    if (!places.has(place))
      throw usage(`--secret: the archive wants no secret at ${place}; it wants ${[...places].join(', ') || 'none'}`);
}

export function actionFor(object: BundledObject, { overwrite }: BundleWishes): DuplicateAction {
  return overwrite === 'all' || overwrite.has(objectKey(object)) ? 'overwrite' : 'ignore';
}

/** The question to the catalog. */
export function sequencesRequest({ objects }: Bundle, wishes: BundleWishes): ImportRequest {
  return {
    sequences: objects
      .filter(({ kind }) => kind === 'TaskSequence')
      .map((object) => {
        const given = (object.secrets ?? []).flatMap((place): [string, string][] => {
          const value = wishes.secrets.get(`${object.name}${place}`);
          return value === undefined ? [] : [[place, value]];
        });
        return {
          document: object.document,
          onDuplicate: actionFor(object, wishes),
          ...(given.length === 0 ? {} : { secrets: Object.fromEntries(given) }),
          ...(object.comment === undefined ? {} : { comment: object.comment }),
        };
      }),
    withoutSecrets: wishes.withoutSecrets,
  };
}

/** Secrets that are still wanted, each as what to write behind `--secret`. */
export function missingSecrets(plan: readonly PlannedObject[]): string[] {
  return plan.flatMap(({ name, secrets, suspended }) =>
    secrets.flatMap(({ path, state }) => (state === 'missing' && !suspended ? [`${name}${path}`] : [])),
  );
}

function usage(message: string): CliError {
  return new CliError('cli.usage', message, EXIT_CODES.usage);
}
