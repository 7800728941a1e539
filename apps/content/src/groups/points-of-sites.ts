import { isElsewhere, saidAt, saidForAll } from '@muster/contracts/kinds/point-reference.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { Queryable } from '@muster/persistence/database.js';
import type { GroupRepository } from './group.repository.js';
import { missingReferences, refuseMissing } from './missing-references.js';

interface NamesPoints {
  readonly points: readonly string[];
}

/** How a group that every site has names points: those of this site by their names alone, others by `SITE/NAME`. */
export function pointsOfSites<Spec extends { points: string[] }>(
  site: string,
): Required<Pick<ResourceRules<Spec, unknown>, 'merge' | 'saidForAll' | 'saidHere'>> {
  const saidHere = (spec: Spec): Spec => ({ ...spec, points: saidAt(site, spec.points) });
  return {
    // A point has one name at a site, so that what looks for it by that finds it.
    merge: (_current, input) => ({ ...input, spec: saidHere(input.spec) }),
    saidForAll: (spec) => ({ ...spec, points: saidForAll(site, spec.points) }),
    saidHere,
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
