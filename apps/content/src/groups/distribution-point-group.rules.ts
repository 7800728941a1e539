import type {
  DistributionPointGroupSpec,
  DistributionPointGroupStatus,
} from '@muster/contracts/kinds/distribution-point-group.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { DistributionQueueRepository } from '../distributions/distribution-queue.repository.js';
import type { WakeUp } from '../distributions/wake-up.js';
import type { GroupRepository } from './group.repository.js';
import { pointsOfSites, refuseUnknownPoints } from './points-of-sites.js';

/** What is special about groups of points: who joins gets what was sent to the group, who leaves keeps it (content.md DP-02). */
export function distributionPointGroupRules(
  site: string,
  database: Database,
  groups: GroupRepository,
  queue: DistributionQueueRepository,
  wakeUp: WakeUp,
): ResourceRules<DistributionPointGroupSpec, DistributionPointGroupStatus> {
  const check = (queryable: Queryable, name: string, spec: DistributionPointGroupSpec, options: { lock: boolean }) =>
    refuseUnknownPoints(queryable, groups, { kind: 'DistributionPointGroup', name, site, spec }, options);

  return {
    ...pointsOfSites<DistributionPointGroupSpec>(site),

    async check({ metadata, spec }) {
      await check(database, metadata.name, spec, { lock: false });
    },

    async status(tx, { metadata, spec }, _current, { replicated }) {
      // What another site named may be gone here: the status says so, and the rest of the group counts.
      if (!replicated) await check(tx, metadata.name, spec, { lock: true });
      return { distributions: (await groups.countDistributions(tx, [metadata.name])).get(metadata.name) ?? 0 };
    },

    async saved(tx, { metadata }) {
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
      const names = resources.map(({ metadata }) => metadata.name);
      const counts = await groups.countDistributions(database, names);
      const uids = resources.map(({ metadata }) => metadata.uid);
      const unknown = await groups.unknownPoints(database, 'distribution_point_group', uids);
      return resources.map((resource) => {
        const { name, uid } = resource.metadata;
        const unknownPoints = unknown.get(uid);
        const status = { distributions: counts.get(name) ?? 0, ...(unknownPoints ? { unknownPoints } : {}) };
        return { ...resource, status };
      });
    },
  };
}
