import type {
  DistributionPointGroupSpec,
  DistributionPointGroupStatus,
} from '@muster/contracts/kinds/distribution-point-group.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { DistributionQueueRepository } from '../distributions/distribution-queue.repository.js';
import type { WakeUp } from '../distributions/wake-up.js';
import type { GroupRepository } from './group.repository.js';
import { missingReferences, refuseMissing } from './missing-references.js';

/** What is special about groups of points: who joins gets what was sent to the group, who leaves keeps it (content.md DP-02). */
export function distributionPointGroupRules(
  database: Database,
  groups: GroupRepository,
  queue: DistributionQueueRepository,
  wakeUp: WakeUp,
): ResourceRules<DistributionPointGroupSpec, DistributionPointGroupStatus> {
  const refuseUnknown = (name: string, points: readonly string[], known: Set<string>) => {
    const missing = missingReferences([{ path: '/spec/points', kind: 'DistributionPoint', names: points, known }]);
    if (missing.length > 0) refuseMissing('DistributionPointGroup', name, missing);
  };

  return {
    async check({ metadata, spec }) {
      refuseUnknown(metadata.name, spec.points, await groups.findPoints(database, spec.points, { lock: false }));
    },

    async status(tx, { metadata }) {
      return { distributions: (await groups.countDistributions(tx, [metadata.name])).get(metadata.name) ?? 0 };
    },

    async saved(tx, { metadata, spec }) {
      refuseUnknown(metadata.name, spec.points, await groups.findPoints(tx, spec.points, { lock: true }));
      await groups.lockContentOf(tx, metadata.name);
      await queue.addGroup(tx, metadata.name);
      tx.afterCommit(() => wakeUp.wake());
    },

    async deleting(tx, { metadata }) {
      const users = await groups.findDistributions(tx, metadata.name);
      if (users.length === 0) return;
      throw new MusterError(
        'conflict',
        'content.group-in-use',
        `DistributionPointGroup "${metadata.name}" is named by ${users.map((name) => `Distribution "${name}"`).join(', ')}. Take it out there first`,
      );
    },

    async derive(resources) {
      const counts = await groups.countDistributions(
        database,
        resources.map(({ metadata }) => metadata.name),
      );
      return resources.map((resource) => ({
        ...resource,
        status: { distributions: counts.get(resource.metadata.name) ?? 0 },
      }));
    },
  };
}
