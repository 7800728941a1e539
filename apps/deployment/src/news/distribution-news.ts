import type { DistributionSpec, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import { distributedContent } from '@muster/contracts/kinds/distribution.js';
import type { EventData, EventType } from '@muster/contracts/kinds/event.js';
import type { Resource } from '@muster/contracts/resource.js';

/** What was told of a distribution. */
export interface ToldDistribution {
  /** The version that all its points have. */
  readonly available?: number | undefined;
  /** The points at which a version failed, as `point version`. */
  readonly failed: readonly string[];
}

export const NOTHING_TOLD: ToldDistribution = { failed: [] };

/**
 * What is new in the progress of a distribution: a version is at all its points, or failed at one. A point that tries again is no news;
 * one that fails with the same version after it had been tried again with success is. Pure.
 */
export function distributionNews(
  { metadata, spec, status }: Resource<DistributionSpec, DistributionStatus>,
  told: ToldDistribution,
): { news: { type: EventType; data: EventData }[]; told: ToldDistribution } {
  const { kind, name } = distributedContent(spec);
  const what = `${kind} ${name}`;
  const { points } = status;
  const newest = Math.max(0, ...points.map(({ version }) => version));
  const current = points.filter(({ version }) => version === newest);
  const about = { distribution: metadata.name };
  const failed = current.filter(({ state }) => state === 'failed').map(({ point, version }) => `${point} ${version}`);
  const complete = current.length > 0 && current.every(({ state }) => state === 'available');
  const available = complete ? newest : undefined;
  const news = current.flatMap(({ point, version, state, lastError }): { type: EventType; data: EventData }[] => {
    if (state !== 'failed' || told.failed.includes(`${point} ${version}`)) return [];
    const why = lastError === undefined ? '' : `: ${lastError}`;
    const message = `${what} version ${version} could not be brought to ${point}${why}`;
    return [{ type: 'distribution.failed', data: { message: message.slice(0, MOST_TEXT), point, ...about } }];
  });
  if (available !== undefined && available !== told.available) {
    const where = current.length === 1 ? current[0]!.point : `all ${current.length} of its points`;
    const message = `${what} version ${available} is at ${where}`;
    news.push({ type: 'distribution.available', data: { message, ...about } });
  }
  // Points that are added later make it incomplete for a while: the same version is at all of them again, and that is news.
  return { news, told: { failed, ...(available === undefined ? {} : { available }) } };
}

const MOST_TEXT = 500;
