import type { ContentFault, contentLocationsResponseSchema } from '@muster/contracts/agent/content.js';
import type { z } from 'zod';

export type ContentLocations = z.infer<typeof contentLocationsResponseSchema>;

const LONGEST_NAME = 63;

/** Names of points are each site's own: those of a secondary site go to its computers with its code before them. */
export function pointName(site: string, name: string): string {
  return `${prefixOf(site)}${name}`.slice(0, LONGEST_NAME).replace(/-+$/, '');
}

/**
 * What the primary site answered, with the points of the secondary one first: they are on this side of the link. Files that only
 * one of the two has are in it too. Pure.
 */
export function withOwnPoints(
  site: string,
  primary: ContentLocations,
  own: Pick<ContentLocations, 'locations' | 'sources' | 'expiresAt'>,
): ContentLocations {
  if (own.locations.length === 0) return primary;
  const named = own.locations.map(({ digest, urls, points }) => ({
    digest,
    urls,
    ...(points && { points: points.map((name) => pointName(site, name)) }),
  }));
  const elsewhere = new Map(primary.locations.map((one) => [one.digest, one]));
  const here = new Set(named.map(({ digest }) => digest));
  return {
    ...primary,
    locations: [
      ...named.map((one) => {
        const other = elsewhere.get(one.digest);
        if (!other) return one;
        // Points are told for all URLs or for none.
        const points = one.points && other.points && [...one.points, ...other.points];
        return { digest: one.digest, urls: [...one.urls, ...other.urls], ...(points && { points }) };
      }),
      ...primary.locations.filter(({ digest }) => !here.has(digest)),
    ],
    sources: [
      ...(own.sources ?? []).map(({ point, reason }) => ({
        point: pointName(site, point),
        reason: `secondary site ${site}: ${reason}`.slice(0, 256),
      })),
      ...(primary.sources ?? []),
    ],
    expiresAt: Date.parse(own.expiresAt) < Date.parse(primary.expiresAt) ? own.expiresAt : primary.expiresAt,
  };
}

/** The bad copies that were met at points of this site, by the names that they have here. Pure. */
export function faultsHere(site: string, faults: readonly ContentFault[]): ContentFault[] {
  const prefix = prefixOf(site);
  return faults.flatMap((fault) =>
    fault.point.startsWith(prefix) ? [{ ...fault, point: fault.point.slice(prefix.length) }] : [],
  );
}

function prefixOf(site: string): string {
  return `${site.toLowerCase()}-`;
}
