import type { Provider } from '@nestjs/common';
import { distribution } from '@muster/contracts/kinds/distribution.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import { SiteSummaries } from '@muster/service/replication/site-summaries.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { GroupRepository } from '../groups/group.repository.js';
import { provide } from '../provide.js';
import { distributionResults } from '../sites/distribution-results.js';
import { DistributionResultsRepository } from '../sites/distribution-results.repository.js';
import { DistributionTargetKind } from '../sites/distribution-target.kind.js';
import { DistributionTargetRepository } from '../sites/distribution-target.repository.js';
import { DistributionTargets } from '../sites/distribution-targets.js';
import { DistributionQueueRepository } from './distribution-queue.repository.js';
import { DISTRIBUTIONS, type DistributionStore } from './distribution-store.js';
import { distributionRules } from './distribution.rules.js';
import { DistributionStanding } from './distribution-standing.js';
import { ProgressRepository } from './progress.repository.js';
import { ReferenceRepository } from './reference.repository.js';
import { WakeUp } from './wake-up.js';

/** Where content shall go, at this site and others. */
export const distributionProviders: Provider[] = [
  { provide: DistributionTargetRepository, useFactory: () => new DistributionTargetRepository() },
  provide(
    DistributionTargets,
    [Replicas, DistributionTargetRepository],
    (replicas: Replicas, targets: DistributionTargetRepository) =>
      new DistributionTargets(replicas.site, replicas, targets),
  ),
  provide(
    DistributionStanding,
    [Replicas, ProgressRepository, DistributionTargetRepository, GroupRepository],
    (
      { site }: Replicas,
      progress: ProgressRepository,
      targets: DistributionTargetRepository,
      groups: GroupRepository,
    ) => new DistributionStanding(site, progress, targets, groups),
  ),
  provide(
    DISTRIBUTIONS,
    [
      Database,
      Outbox,
      ReferenceRepository,
      DistributionQueueRepository,
      ProgressRepository,
      WakeUp,
      DistributionTargets,
      DistributionStanding,
    ],
    (
      database: Database,
      outbox: Outbox,
      references: ReferenceRepository,
      queue: DistributionQueueRepository,
      progress: ProgressRepository,
      wakeUp: WakeUp,
      targets: DistributionTargets,
      standing: DistributionStanding,
    ) =>
      new ResourceStore(
        distribution,
        'distribution',
        database,
        outbox,
        distributionRules(database, references, queue, progress, wakeUp, targets, standing),
      ),
  ),
  provide(
    DistributionTargetKind,
    [Replicas, DistributionTargetRepository, DISTRIBUTIONS],
    (replicas: Replicas, targets: DistributionTargetRepository, distributions: DistributionStore) => {
      const kind = new DistributionTargetKind(replicas.site, targets, distributions);
      replicas.add(kind);
      return kind;
    },
  ),
  provide(
    SiteSummaries,
    [Database, Replicas, SiteReplication, LOGGER],
    (database: Database, { log, site }: Replicas, replication: SiteReplication, logger: Logger) => {
      const summaries = [distributionResults(new DistributionResultsRepository())];
      return new SiteSummaries(site, database, log, replication, summaries, logger);
    },
  ),
];
