import type { BoundaryGroupSpec, BoundaryGroupStatus } from '@muster/contracts/kinds/boundary-group.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { GroupRepository } from '../groups/group.repository.js';
import { missingReferences, refuseMissing } from '../groups/missing-references.js';
import type { BoundaryRepository } from './boundary.repository.js';

/** What is special about boundary groups: they name points, and only one is the default. They may name each other before both are there. */
export function boundaryGroupRules(
  database: Database,
  boundaries: BoundaryRepository,
  points: GroupRepository,
): ResourceRules<BoundaryGroupSpec, BoundaryGroupStatus> {
  async function check(queryable: Queryable, name: string, spec: BoundaryGroupSpec, options: { lock: boolean }) {
    const known = await points.findPoints(queryable, spec.points, options);
    const missing = missingReferences([{ path: '/spec/points', kind: 'DistributionPoint', names: spec.points, known }]);
    if (missing.length > 0) refuseMissing('BoundaryGroup', name, missing);
  }

  const none: BoundaryGroupStatus = { points: 0 };

  return {
    async check({ metadata, spec }) {
      await check(database, metadata.name, spec, { lock: false });
    },

    async status(tx, { metadata, spec }, current) {
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
      const { uid, name } = resource.metadata;
      await check(tx, name, resource.spec, { lock: true });
      resource.status = (await boundaries.findStatuses(tx, [uid])).get(uid) ?? none;
    },

    async derive(resources) {
      const statuses = await boundaries.findStatuses(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((resource) => ({ ...resource, status: statuses.get(resource.metadata.uid) ?? none }));
    },
  };
}

function refuseSecondDefault(name: string, last: string | undefined): void {
  if (last === undefined || last === name) return;
  throw new MusterError(
    'conflict',
    'content.second-default-group',
    `BoundaryGroup "${last}" is the default group already, and a site has at most one. Take "isDefault" out there first`,
  );
}
