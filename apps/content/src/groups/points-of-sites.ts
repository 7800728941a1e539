import { isElsewhere, saidAt, saidForAll } from '@muster/contracts/kinds/point-reference.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { Queryable } from '@muster/persistence/database.js';
import type { GroupRepository } from './group.repository.js';
import { missingReferences, refuseMissing } from './missing-references.js';

/** Of a group. */
export const MOST_POINTS = 1000;

interface NamesPoints {
  readonly points: readonly string[];
}

/** What both say, each once, own words first; no more than a specification may have. */
export function bothSay<One>(own: readonly One[], other: readonly One[], most: number): One[] {
  return [...new Set([...own, ...other])].slice(0, most);
}

/** How a group that every site has names points: those of this site by their names alone, others by `SITE/NAME`. */
export function pointsOfSites<Spec extends { points: string[] }>(
  site: string,
): Required<Pick<ResourceRules<Spec, unknown>, 'merge' | 'saidForAll' | 'saidHere' | 'unite'>> {
  const saidHere = (spec: Spec): Spec => ({ ...spec, points: saidAt(site, spec.points) });
  return {
    // A point has one name at a site, so that what looks for it by that finds it.
    merge: (_current, input) => ({ ...input, spec: saidHere(input.spec) }),
    saidForAll: (spec) => ({ ...spec, points: saidForAll(site, spec.points) }),
    saidHere,
    // Points of both: otherwise the devices of one site would have none any more.
    unite: (own, other) => ({ ...own, points: bothSay(own.points, other.points, MOST_POINTS) }),
  };
}

/** @throws MusterError `content.missing-reference` for points of this site that do not exist; of other sites nobody here knows */
export async function refuseUnknownPoints(
  database: Queryable,
  groups: GroupRepository,
  { kind, name, site, spec }: { kind: string; name: string; site: string; spec: NamesPoints },
  options: { lock: boolean },
): Promise<void> {
  const names = saidAt(site, spec.points);
  const known = await groups.findPoints(database, names, options);
  const missing = missingReferences([
    {
      path: '/spec/points',
      kind: 'DistributionPoint',
      names,
      known: { has: (one) => isElsewhere(one) || known.has(one) },
    },
  ]);
  if (missing.length > 0) refuseMissing(kind, name, missing);
}
