import { Module } from '@nestjs/common';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { EventLog } from '../events/event-log.js';
import { PermitMessages } from './permit.messages.js';
import { Permits } from './permits.service.js';
import { RolloutActions } from './rollout-actions.service.js';
import { RolloutClock } from './rollout-clock.js';
import { RolloutController } from './rollout.controller.js';
import { RolloutGrpcController } from './rollout.grpc.js';
import { RolloutRepository } from './rollout.repository.js';
import { Rollouts } from './rollouts.service.js';

@Module({
  controllers: [RolloutController, RolloutGrpcController],
  providers: [
    { provide: RolloutRepository, useFactory: () => new RolloutRepository() },
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
      inject: [Database, RolloutRepository, Rollouts],
      useFactory: (database: Database, repository: RolloutRepository, rollouts: Rollouts) =>
        new RolloutActions(database, repository, rollouts),
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
