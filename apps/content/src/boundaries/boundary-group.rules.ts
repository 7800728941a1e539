import type { BoundaryGroupSpec, BoundaryGroupStatus } from '@muster/contracts/kinds/boundary-group.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { GroupRepository } from '../groups/group.repository.js';
import { bothSay, MOST_POINTS, pointsOfSites, refuseUnknownPoints } from '../groups/points-of-sites.js';
import type { BoundaryRepository } from './boundary.repository.js';

const MOST_ADDRESSES = 10_000;
const MOST_SITES = 100;

/** What is special about boundary groups: they name points, and only one is the default. They may name each other before both are there. */
export function boundaryGroupRules(
  site: string,
  database: Database,
  boundaries: BoundaryRepository,
  points: GroupRepository,
): ResourceRules<BoundaryGroupSpec, BoundaryGroupStatus> {
  const check = (queryable: Queryable, name: string, spec: BoundaryGroupSpec, options: { lock: boolean }) =>
    refuseUnknownPoints(queryable, points, { kind: 'BoundaryGroup', name, site, spec }, options);

  const none: BoundaryGroupStatus = { points: 0 };

  const named = pointsOfSites<BoundaryGroupSpec>(site);

  return {
    ...named,

    // Whether it is the default group, each site says for itself.
    unite: (own, other) => uniteGroups(named.unite(own, other), other),

    async check({ metadata, spec }) {
      await check(database, metadata.name, spec, { lock: false });
    },

    async status(tx, { metadata, spec }, current, { replicated }) {
      // What another site named may be gone here: the status says so, and the rest of the group counts.
      if (!replicated) await check(tx, metadata.name, spec, { lock: true });
      if (spec.isDefault) {
        // Two who make one at the same time come here one after the other.
        await boundaries.lockDefault(tx);
        refuseSecondDefault(metadata.name, await boundaries.findDefault(tx));
      }
      if (!current) return none;
      const { uid } = current.metadata;
      return (await boundaries.findStatuses(tx, [uid])).get(uid) ?? none;
    },

    async saved(tx, resource) {
      const { uid } = resource.metadata;
      resource.status = (await boundaries.findStatuses(tx, [uid])).get(uid) ?? none;
    },

    async derive(resources) {
      const uids = resources.map(({ metadata }) => metadata.uid);
      const statuses = await boundaries.findStatuses(database, uids);
      const unknown = await points.unknownPoints(database, 'boundary_group', uids);
      return resources.map((resource) => {
        const { uid } = resource.metadata;
        const unknownPoints = unknown.get(uid);
        const status = { ...(statuses.get(uid) ?? none), ...(unknownPoints ? { unknownPoints } : {}) };
        return { ...resource, status };
      });
    },
  };
}

/** Places and neighbours of both, and points as they are. */
export function uniteGroups(own: BoundaryGroupSpec, other: BoundaryGroupSpec): BoundaryGroupSpec {
  const { addresses, sites, neighbours } = own;
  const known = new Set(neighbours?.map(({ group }) => group));
  const more = (other.neighbours ?? []).filter(({ group }) => !known.has(group));
  return {
    ...own,
    ...(addresses || other.addresses
      ? { addresses: bothSay(addresses ?? [], other.addresses ?? [], MOST_ADDRESSES) }
      : {}),
    ...(sites || other.sites ? { sites: bothSay(sites ?? [], other.sites ?? [], MOST_SITES) } : {}),
    ...(neighbours || other.neighbours ? { neighbours: [...(neighbours ?? []), ...more].slice(0, MOST_POINTS) } : {}),
  };
}

function refuseSecondDefault(name: string, last: string | undefined): void {
  if (last === undefined || last === name) return;
  throw new MusterError(
    'conflict',
    'content.second-default-group',
    `BoundaryGroup "${last}" is the default group already, and there is at most one. Take "isDefault" out there first`,
  );
}
