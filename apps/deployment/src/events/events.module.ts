import { Global, Module } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { EventLog } from './event-log.js';
import { EventRepository } from './event.repository.js';
import { EventsController } from './events.controller.js';
import { EventsGrpcController } from './events.grpc.js';
import { EventsService } from './events.service.js';

/** Global, because every part of the service says what happens in it. */
@Global()
@Module({
  controllers: [EventsController, EventsGrpcController],
  providers: [
    { provide: EventRepository, useFactory: () => new EventRepository() },
    {
      provide: EventLog,
      inject: [EventRepository, Database, CONFIG, LOGGER],
      useFactory: (repository: EventRepository, database: Database, config: DeploymentConfig, logger: Logger) =>
        new EventLog(repository, database, config.MUSTER_EVENT_KEEP_DAYS, logger),
    },
    EventsService,
  ],
  exports: [EventLog, EventRepository],
})
export class EventsModule {}
