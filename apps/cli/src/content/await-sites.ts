import { setTimeout as delay } from 'node:timers/promises';
import type { SiteList } from '@muster/contracts/hierarchy/site-views.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { distributionName } from '@muster/contracts/kinds/distribution-name.js';
import { distribution, type SiteDistribution } from '@muster/contracts/kinds/distribution.js';
import { saidAt } from '@muster/contracts/kinds/point-reference.js';
import type { ApiClient } from '../api/api-client.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { contentKind } from './content-name.js';
import { placesOf, type Places } from './find-destinations.js';

/** Sums come every few seconds. */
const pollMilliseconds = 500;

/** Points that are meant, by where their progress is seen. */
export interface PlacesBySite {
  readonly own: readonly string[];
  /** Names of points, by sites below this one: they tell it their sums. */
  readonly below: ReadonlyMap<string, readonly string[]>;
  /** Sites that tell only those above them. */
  readonly unseen: readonly string[];
}

/** Where the progress of points is seen. */
export async function sortBySite(client: ApiClient, { own, elsewhere }: Places): Promise<PlacesBySite> {
  if (elsewhere.length === 0) return { own, below: new Map(), unseen: [] };
  const { site: here, items } = await client.json<SiteList>('GET', '/api/v1/sites');
  const parents = new Map(items.map(({ code, parent }) => [code, parent]));
  const isBelow = (site: string): boolean => {
    const parent = parents.get(site);
    return parent === here || (parent !== undefined && parent !== null && isBelow(parent));
  };
  const said = saidAt(here, elsewhere);
  const others = Map.groupBy(
    said.filter((point) => point.includes('/')),
    (point) => point.slice(0, point.indexOf('/')),
  );
  return {
    own: [...new Set([...own, ...said.filter((point) => !point.includes('/'))])],
    below: new Map(
      [...others]
        .filter(([site]) => isBelow(site))
        .map(([site, points]) => [site, points.map((point) => point.slice(site.length + 1))]),
    ),
    unseen: [...others.keys()].filter((site) => !isBelow(site)),
  };
}

/**
 * Waits until sites below say that all points that shall hold the newest version of some content do.
 *
 * @param sites names of points that were asked for, by site
 * @throws CliError `content.distribution-failed`, also for a point that its site does not have
 */
export async function awaitSites(
  client: ApiClient,
  content: ContentReference,
  sites: ReadonlyMap<string, readonly string[]>,
  onProgress: (sites: readonly SiteDistribution[], waitsFor: readonly string[]) => void,
): Promise<SiteDistribution[]> {
  for (;;) {
    const newest = (await client.get(contentKind(content), content.name)).status.newestVersion ?? 0;
    const { spec, status } = await client.get(distribution, distributionName(content));
    const { elsewhere } = await placesOf(client, spec.points ?? [], spec.groups ?? []);
    const said = new Map((status.sites ?? []).map((one) => [one.site, one]));
    const found = [...sites.keys()].flatMap((site) => said.get(site) ?? []);
    for (const one of found) refuseProblem(content, one, sites.get(one.site) ?? []);
    const waitsFor = [...sites.keys()].filter((site) => {
      const one = said.get(site);
      // A sum from before what was just said counts too few points.
      const wanted = elsewhere.filter((point) => point.startsWith(`${site}/`)).length;
      const known = (one?.points ?? 0) + (one?.unknownPoints?.length ?? 0);
      return !one || known < wanted || (one.version ?? 0) < newest || one.available < one.points;
    });
    onProgress(found, waitsFor);
    if (waitsFor.length === 0) return found;
    await delay(pollMilliseconds);
  }
}

function refuseProblem(content: ContentReference, told: SiteDistribution, points: readonly string[]): void {
  const unknown = points.filter((point) => told.unknownPoints?.includes(point));
  if (unknown.length > 0) {
    throw new CliError(
      'content.distribution-failed',
      `site ${told.site} has no point ${unknown.join(', ')}. It gets "${content.name}" if it is made, or take it back with "muster content remove"`,
      EXIT_CODES.failed,
    );
  }
  if (told.failed === 0) return;
  throw new CliError(
    'content.distribution-failed',
    `version ${told.version} of "${content.name}" did not reach ${told.failed} of ${told.points} points of site ${told.site}: ${told.problem ?? 'no reason given'}`,
    EXIT_CODES.failed,
  );
}
