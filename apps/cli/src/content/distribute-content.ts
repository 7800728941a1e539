import { setTimeout as delay } from 'node:timers/promises';
import {
  distributedContent,
  distribution,
  type DistributionProgress,
  type DistributionSpec,
} from '@muster/contracts/kinds/distribution.js';
import { distributionName } from '@muster/contracts/kinds/distribution-name.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';
import type { ApiClient, WriteWish } from '../api/api-client.js';
import { type ApplyOutcome, applyDocument } from '../apply/apply-documents.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { objectName } from '../output/formats.js';
import { contentKind } from './content-name.js';

/** Where content shall go: points and groups by their names. */
export interface Destinations {
  readonly points: readonly string[];
  readonly groups?: readonly string[];
  readonly priority?: DistributionSpec['priority'];
}

/**
 * Wants the newest version of some content at places, beside those that its distribution names already. The distribution
 * is called as `distributionName` says.
 */
export async function distributeContent(
  client: ApiClient,
  content: ContentReference,
  { points, groups = [], priority }: Destinations,
  wish: WriteWish = {},
): Promise<ApplyOutcome> {
  const existing = await findDistribution(client, content);
  const wanted = (before: readonly string[] | undefined, more: readonly string[]) => [
    ...new Set([...(before ?? []), ...more]),
  ];
  const spec: DistributionSpec = {
    ...existing?.spec,
    package: content.name,
    ...(content.kind === 'Package' ? {} : { kind: content.kind }),
    ...optional('points', wanted(existing?.spec.points, points)),
    ...optional('groups', wanted(existing?.spec.groups, groups)),
    ...(priority === undefined ? {} : { priority }),
  };
  return applyDocument(
    client,
    { kind: distribution, input: distributionInput(distributionName(content), spec, existing) },
    { ...wish, document: false },
  );
}

/** The distribution of some content, by its name. @throws CliError `content.distribution-name` */
export async function findDistribution(
  client: ApiClient,
  content: ContentReference,
): Promise<Resource<DistributionSpec, { points: DistributionProgress[] }> | undefined> {
  const name = distributionName(content);
  const existing = await client.find(distribution, name);
  if (existing === undefined) return undefined;
  const found = distributedContent(existing.spec);
  if (found.kind === content.kind && found.name === content.name) return existing;
  throw new CliError(
    'content.distribution-name',
    `distribution "${name}" is for ${objectName(found.kind, found.name)}: apply a Distribution with another name`,
    EXIT_CODES.conflict,
  );
}

/** The Distribution of some content. @throws CliError `content.not-there` when it goes nowhere, `content.distribution-name` */
export async function requireDistribution(
  client: ApiClient,
  content: ContentReference,
): Promise<NonNullable<Awaited<ReturnType<typeof findDistribution>>>> {
  const existing = await findDistribution(client, content);
  if (existing) return existing;
  const word = content.kind === 'Package' ? content.name : objectName(content.kind, content.name);
  throw new CliError(
    'content.not-there',
    `${objectName(content.kind, content.name)} was not distributed anywhere: muster content distribute ${word} --to POINT`,
    EXIT_CODES.notFound,
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
/** The site goes on for days after so many; whoever waits wants to hear of it. */
const mostAttempts = 20;

/**
 * Waits until points hold the newest version of some content.
 *
 * @returns the version; undefined when it has no version to wait for
 * @throws CliError `content.distribution-failed` naming the point and its last error
 */
export async function awaitDistribution(
  client: ApiClient,
  content: ContentReference,
  points: readonly string[],
  { signal, onProgress }: AwaitDistributionOptions = {},
): Promise<number | undefined> {
  for (;;) {
    const { newestVersion } = (await client.get(contentKind(content), content.name)).status;
    if (newestVersion === undefined) return undefined;
    const { status } = await client.get(distribution, distributionName(content));
    const shown = points.flatMap((point) => {
      const versions = status.points.filter((entry) => entry.point === point && entry.version >= newestVersion);
      return versions.slice(0, 1);
    });
    onProgress?.(shown);
    const failed =
      shown.find(({ state }) => state === 'failed') ??
      shown.find(({ state, attempts }) => state === 'retrying' && attempts >= mostAttempts);
    if (failed !== undefined) {
      const more = failed.state === 'retrying' ? '. The site goes on trying' : '';
      throw new CliError(
        'content.distribution-failed',
        `version ${failed.version} of "${content.name}" did not reach "${failed.point}" in ${failed.attempts} attempts: ${failed.lastError ?? 'no reason given'}${more}`,
        EXIT_CODES.failed,
      );
    }
    if (shown.length === points.length && shown.every(({ state }) => state === 'available')) return newestVersion;
    await delay(pollMilliseconds, undefined, { signal });
  }
}
