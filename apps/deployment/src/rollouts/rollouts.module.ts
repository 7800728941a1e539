import { Module } from '@nestjs/common';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { EventLog } from '../events/event-log.js';
import { MembershipModule } from '../membership/membership.module.js';
import { MembershipRepository } from '../membership/membership.repository.js';
import { PermitMessages } from './permit.messages.js';
import { Permits } from './permits.service.js';
import { RolloutActions } from './rollout-actions.service.js';
import { RolloutClock } from './rollout-clock.js';
import { RolloutController } from './rollout.controller.js';
import { RolloutGrpcController } from './rollout.grpc.js';
import { RolloutDivider } from './rollout-divider.js';
import { RolloutRepository } from './rollout.repository.js';
import { RolloutShareKind } from './rollout-share.kind.js';
import { RolloutShareRepository } from './rollout-share.repository.js';
import { Rollouts } from './rollouts.service.js';

@Module({
  imports: [MembershipModule],
  controllers: [RolloutController, RolloutGrpcController],
  providers: [
    {
      provide: RolloutRepository,
      inject: [CONFIG],
      useFactory: ({ MUSTER_SITE: site }: DeploymentConfig) => new RolloutRepository(site),
    },
    { provide: RolloutShareRepository, useFactory: () => new RolloutShareRepository() },
    {
      provide: RolloutShareKind,
      inject: [CONFIG, Replicas, RolloutShareRepository, Rollouts, MembershipRepository],
      useFactory: (
        { MUSTER_SITE: site }: DeploymentConfig,
        replicas: Replicas,
        shares: RolloutShareRepository,
        rollouts: Rollouts,
        membership: MembershipRepository,
      ) => {
        const kind = new RolloutShareKind(site, shares, rollouts, membership);
        replicas.add(kind);
        return kind;
      },
    },
    {
      provide: RolloutDivider,
      inject: [
        Database,
        RolloutRepository,
        RolloutShareRepository,
        Rollouts,
        MembershipRepository,
        SiteReplication,
        Replicas,
        LOGGER,
      ],
      useFactory: (
        database: Database,
        repository: RolloutRepository,
        shares: RolloutShareRepository,
        rollouts: Rollouts,
        membership: MembershipRepository,
        replication: SiteReplication,
        { log }: Replicas,
        logger: Logger,
      ) => new RolloutDivider(database, repository, shares, rollouts, membership, replication, log, logger),
    },
    {
      provide: Rollouts,
      inject: [RolloutRepository, Outbox, EventLog, LOGGER],
      useFactory: (repository: RolloutRepository, outbox: Outbox, events: EventLog, logger: Logger) =>
        new Rollouts(repository, outbox, events, logger),
    },
    {
      provide: Permits,
      inject: [Database, RolloutRepository, Rollouts],
      useFactory: (database: Database, repository: RolloutRepository, rollouts: Rollouts) =>
        new Permits(database, repository, rollouts),
    },
    {
      provide: RolloutActions,
      inject: [Database, RolloutRepository, Rollouts, RolloutShareRepository, SiteReplication],
      useFactory: (
        database: Database,
        repository: RolloutRepository,
        rollouts: Rollouts,
        shares: RolloutShareRepository,
        replication: SiteReplication,
      ) => new RolloutActions(database, repository, rollouts, shares, replication),
    },
    {
      provide: RolloutClock,
      inject: [Database, RolloutRepository, Rollouts, CONFIG, LOGGER],
      useFactory: (
        database: Database,
        repository: RolloutRepository,
        rollouts: Rollouts,
        config: DeploymentConfig,
        logger: Logger,
      ) => new RolloutClock(database, repository, rollouts, config.MUSTER_ROLLOUT_GRACE_SECONDS, logger),
    },
    {
      provide: PermitMessages,
      inject: [Bus, Permits, LOGGER],
      useFactory: (bus: Bus, permits: Permits, logger: Logger) => new PermitMessages(bus, permits, logger),
    },
  ],
  exports: [Rollouts, RolloutActions],
})
export class RolloutsModule {}
