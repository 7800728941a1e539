import { setTimeout as delay } from 'node:timers/promises';
import { distribution, type DistributionProgress } from '@muster/contracts/kinds/distribution.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { API_VERSION, type ResourceInput } from '@muster/contracts/resource.js';
import type { ApiClient } from '../api/api-client.js';
import { type ApplyOutcome, applyDocument } from '../apply/apply-documents.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** Wants a package's newest version on points, beside those that its distribution names already. The distribution has the package's name. */
export async function distributePackage(
  client: ApiClient,
  name: string,
  points: readonly string[],
): Promise<ApplyOutcome> {
  const existing = await client.find(distribution, name);
  if (existing !== undefined && existing.spec.package !== name) {
    throw new CliError(
      'content.distribution-name',
      `distribution "${name}" is for package "${existing.spec.package}": apply a Distribution with another name`,
      EXIT_CODES.conflict,
    );
  }
  const { displayName, folder, labels } = existing?.metadata ?? {};
  const wanted = [...new Set([...(existing?.spec.points ?? []), ...points])];
  const input: ResourceInput = {
    apiVersion: API_VERSION,
    kind: distribution.kind,
    metadata: { name, displayName, folder, labels },
    spec: { package: name, points: wanted },
  };
  return applyDocument(client, { kind: distribution, input }, { document: false });
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
