import { distribution, type DistributionSpec, type DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import { distributionPoint } from '@muster/contracts/kinds/distribution-point.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { ApiClient } from '../api/api-client.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { parseContent } from './content-name.js';
import { requireDistribution } from './distribute-content.js';
import { pointsOf } from './find-destinations.js';

/** Which content a command is about, and where. */
export interface Scope {
  /** As they were typed. */
  readonly words: readonly string[];
  /** All content that goes somewhere. */
  readonly everything?: boolean | undefined;
  readonly points?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** A distribution, and at which of its points something shall be done; undefined: at all of them. */
export interface ChosenDistribution {
  readonly distribution: Resource<DistributionSpec, DistributionStatus>;
  readonly points: readonly string[] | undefined;
}

/**
 * The distributions of named content, or all, at points and the points of groups. Of all content, what is at none of
 * the places is left out.
 *
 * @throws CliError `cli.usage`, `content.not-there`
 */
export async function chooseDistributions(client: ApiClient, scope: Scope): Promise<ChosenDistribution[]> {
  const { words, everything = false, points = [], groups = [] } = scope;
  if (everything === words.length > 0)
    throw new CliError('cli.usage', 'name content, or say --everything', EXIT_CODES.usage);
  const hasPlaces = points.length + groups.length > 0;
  const places = await pointsOf(client, points, groups);
  if (everything) {
    for (const name of points) await client.get(distributionPoint, name);
    return chooseAmongAll(client, hasPlaces ? new Set(places) : undefined);
  }
  const chosen: ChosenDistribution[] = [];
  for (const word of words) {
    const found = await requireDistribution(client, parseContent(word));
    const held = heldAt(found);
    // Points that were named by themselves are for the site to judge; of groups those are meant that have the content.
    const wanted = places.filter((name) => points.includes(name) || held.has(name));
    if (hasPlaces && wanted.length === 0) throw nowhere(found.metadata.name, groups);
    chosen.push({ distribution: found, points: hasPlaces ? wanted : undefined });
  }
  return chosen;
}

async function chooseAmongAll(
  client: ApiClient,
  places: ReadonlySet<string> | undefined,
): Promise<ChosenDistribution[]> {
  const chosen: ChosenDistribution[] = [];
  for await (const found of client.list(distribution)) {
    const wanted = places && [...heldAt(found)].filter((name) => places.has(name));
    if (wanted?.length !== 0) chosen.push({ distribution: found, points: wanted });
  }
  return chosen;
}

function heldAt({ status }: Resource<DistributionSpec, DistributionStatus>): Set<string> {
  return new Set(status.points.map(({ point }) => point));
}

function nowhere(name: string, groups: readonly string[]): CliError {
  return new CliError(
    'content.not-there',
    `distribution "${name}" has brought nothing to a point of ${groups.map((group) => `group "${group}"`).join(', ')}`,
    EXIT_CODES.notFound,
  );
}
