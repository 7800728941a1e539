import type { Provider } from '@nestjs/common';
import { distributionPointGroup } from '@muster/contracts/kinds/distribution-point-group.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { DistributionQueueRepository } from '../distributions/distribution-queue.repository.js';
import { WakeUp } from '../distributions/wake-up.js';
import { provide } from '../provide.js';
import { distributionPointGroupRules } from './distribution-point-group.rules.js';
import { GroupRepository } from './group.repository.js';

export const DISTRIBUTION_POINT_GROUPS = Symbol('distribution point groups');

/** Groups of distribution points. */
export const groupProviders: Provider[] = [
  { provide: GroupRepository, useFactory: () => new GroupRepository() },
  provide(
    DISTRIBUTION_POINT_GROUPS,
    [Database, Outbox, Replicas, GroupRepository, DistributionQueueRepository, WakeUp],
    (
      database: Database,
      outbox: Outbox,
      replicas: Replicas,
      groups: GroupRepository,
      queue: DistributionQueueRepository,
      wakeUp: WakeUp,
    ) =>
      new ResourceStore(
        distributionPointGroup,
        'distribution_point_group',
        database,
        outbox,
        distributionPointGroupRules(replicas.site, database, groups, queue, wakeUp),
        replicas,
      ),
  ),
];
