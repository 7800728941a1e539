import type { BoundaryGroupSpec, BoundaryGroupStatus } from '@muster/contracts/kinds/boundary-group.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { GroupRepository } from '../groups/group.repository.js';
import { pointsOfSites, refuseUnknownPoints } from '../groups/points-of-sites.js';
import type { BoundaryRepository } from './boundary.repository.js';

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

  return {
    ...pointsOfSites<BoundaryGroupSpec>(site),

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

function refuseSecondDefault(name: string, last: string | undefined): void {
  if (last === undefined || last === name) return;
  throw new MusterError(
    'conflict',
    'content.second-default-group',
    `BoundaryGroup "${last}" is the default group already, and there is at most one. Take "isDefault" out there first`,
  );
}
