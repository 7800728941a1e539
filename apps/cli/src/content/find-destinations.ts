import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { distributionPointGroup } from '@muster/contracts/kinds/distribution-point-group.js';
import { isElsewhere } from '@muster/contracts/kinds/point-reference.js';
import type { ApiClient } from '../api/api-client.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** The groups that are tied to collections at this moment. @throws CliError `resource.not-found`, `content.no-group-of-collection` */
export async function groupsOfCollections(client: ApiClient, collections: readonly string[]): Promise<string[]> {
  if (collections.length === 0) return [];
  for (const name of collections) await client.get(collectionKind, name);
  const found = new Map<string, string[]>(collections.map((name) => [name, []]));
  for await (const { metadata, spec } of client.list(distributionPointGroup)) {
    for (const collection of spec.collections ?? []) found.get(collection)?.push(metadata.name);
  }
  const alone = [...found].find(([, groups]) => groups.length === 0);
  if (alone) {
    throw new CliError(
      'content.no-group-of-collection',
      `no distribution point group is tied to collection "${alone[0]}": name it in spec.collections of one`,
      EXIT_CODES.failed,
    );
  }
  return [...new Set([...found.values()].flat())];
}

/** Points of this site, and those of others as `SITE/NAME`. */
export interface Places {
  readonly own: readonly string[];
  readonly elsewhere: readonly string[];
}

/** The points themselves and those that the groups have now, each once. */
export async function placesOf(
  client: ApiClient,
  points: readonly string[],
  groups: readonly string[],
): Promise<Places> {
  const members: string[] = [];
  for (const group of groups) members.push(...(await client.get(distributionPointGroup, group)).spec.points);
  const all = [...new Set([...points, ...members])];
  return { own: all.filter((point) => !isElsewhere(point)), elsewhere: all.filter(isElsewhere) };
}

/** The same for what is done at points of this site only. @throws CliError `content.point-elsewhere` */
export async function pointsOf(
  client: ApiClient,
  points: readonly string[],
  groups: readonly string[],
): Promise<readonly string[]> {
  const other = points.find(isElsewhere);
  if (other !== undefined) {
    const [site, name] = other.split('/');
    throw new CliError(
      'content.point-elsewhere',
      `"${other}" is a point of site ${site}, and this is done at its own site: say it there, with --site ${site} and the name "${name}"`,
      EXIT_CODES.usage,
    );
  }
  return (await placesOf(client, points, groups)).own;
}
