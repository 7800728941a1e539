import { setTimeout as delay } from 'node:timers/promises';
import {
  distribution,
  type DistributionProgress,
  type DistributionSpec,
} from '@muster/contracts/kinds/distribution.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';
import type { ApiClient, WriteWish } from '../api/api-client.js';
import { type ApplyOutcome, applyDocument } from '../apply/apply-documents.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** Where content shall go: points and groups by their names. */
export interface Destinations {
  readonly points: readonly string[];
  readonly groups?: readonly string[];
  readonly priority?: DistributionSpec['priority'];
}

/**
 * Wants a package's newest version at places, beside those that its distribution names already. The distribution has
 * the package's name.
 */
export async function distributePackage(
  client: ApiClient,
  name: string,
  { points, groups = [], priority }: Destinations,
  wish: WriteWish = {},
): Promise<ApplyOutcome> {
  const existing = await findDistribution(client, name);
  const wanted = (before: readonly string[] | undefined, more: readonly string[]) => [
    ...new Set([...(before ?? []), ...more]),
  ];
  const spec: DistributionSpec = {
    ...existing?.spec,
    package: name,
    ...optional('points', wanted(existing?.spec.points, points)),
    ...optional('groups', wanted(existing?.spec.groups, groups)),
    ...(priority === undefined ? {} : { priority }),
  };
  return applyDocument(
    client,
    { kind: distribution, input: distributionInput(name, spec, existing) },
    { ...wish, document: false },
  );
}

/** The distribution of a package, which has the package's name. @throws CliError `content.distribution-name` */
export async function findDistribution(
  client: ApiClient,
  name: string,
): Promise<Resource<DistributionSpec, { points: DistributionProgress[] }> | undefined> {
  const existing = await client.find(distribution, name);
  if (existing === undefined || existing.spec.package === name) return existing;
  throw new CliError(
    'content.distribution-name',
    `distribution "${name}" is for package "${existing.spec.package}": apply a Distribution with another name`,
    EXIT_CODES.conflict,
  );
}

/** What to apply so that a distribution has this specification and keeps what else was said of it. */
export function distributionInput(
  name: string,
  spec: DistributionSpec,
  existing: Resource<DistributionSpec, unknown> | undefined,
): ResourceInput {
  const { displayName, folder, labels } = existing?.metadata ?? {};
  return { apiVersion: API_VERSION, kind: distribution.kind, metadata: { name, displayName, folder, labels }, spec };
}

/** No field at all for an empty list. */
export function optional(field: 'points' | 'groups', names: string[]): Partial<DistributionSpec> {
  return names.length === 0 ? {} : { [field]: names };
}

export interface AwaitDistributionOptions {
  readonly signal?: AbortSignal | undefined;
  onProgress?(points: readonly DistributionProgress[]): void;
}

const pollMilliseconds = 250;

/**
 * Waits until points hold the package's newest version.
 *
 * @returns the version; undefined when the package has no version to wait for
 * @throws CliError `content.distribution-failed` naming the point and its last error
 */
export async function awaitDistribution(
  client: ApiClient,
  name: string,
  points: readonly string[],
  { signal, onProgress }: AwaitDistributionOptions = {},
): Promise<number | undefined> {
  for (;;) {
    const { newestVersion } = (await client.get(packageKind, name)).status;
    if (newestVersion === undefined) return undefined;
    const { status } = await client.get(distribution, name);
    const shown = points.flatMap((point) => {
      const versions = status.points.filter((entry) => entry.point === point && entry.version >= newestVersion);
      return versions.slice(0, 1);
    });
    onProgress?.(shown);
    const failed = shown.find(({ state }) => state === 'failed');
    if (failed !== undefined) {
      throw new CliError(
        'content.distribution-failed',
        `version ${failed.version} of "${name}" did not reach "${failed.point}" in ${failed.attempts} attempts: ${failed.lastError ?? 'no reason given'}`,
        EXIT_CODES.failed,
      );
    }
    if (shown.length === points.length && shown.every(({ state }) => state === 'available')) return newestVersion;
    await delay(pollMilliseconds, undefined, { signal });
  }
}
