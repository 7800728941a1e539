import { Module } from '@nestjs/common';
import { alert, type AlertSpec, type AlertStatus } from '@muster/contracts/kinds/alert.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { EventLog } from '../events/event-log.js';
import { AlertSubscriptionsModule } from '../subscriptions/alert-subscriptions.module.js';
import { NoticeRepository } from '../subscriptions/notice.repository.js';
import { AlertRecorder } from './alert-recorder.js';
import { AlertWatch } from './alert-watch.js';
import { AlertRepository } from './alert.repository.js';
import { CollectionActivityRepository } from './collection-activity.repository.js';
import { AlertsBelow } from './alerts-below.js';
import { AlertsBelowController } from './alerts-below.controller.js';
import { AlertsBelowGrpcController } from './alerts-below.grpc.js';
import { AlertsController } from './alerts.controller.js';
import { AlertsGrpcController } from './alerts.grpc.js';
import { AlertsService } from './alerts.service.js';

const ALERTS = Symbol('alerts');

type AlertStore = ResourceStore<AlertSpec, AlertStatus>;

@Module({
  imports: [AlertSubscriptionsModule],
  controllers: [
    restController(alert, ALERTS),
    grpcController(alert, ALERTS),
    AlertsController,
    AlertsGrpcController,
    AlertsBelowController,
    AlertsBelowGrpcController,
  ],
  providers: [
    { provide: AlertRepository, useFactory: () => new AlertRepository() },
    {
      provide: ALERTS,
      inject: [Database, Outbox],
      useFactory: (database: Database, outbox: Outbox) =>
        new ResourceStore(alert, 'alert_document', database, outbox, {
          status: () => Promise.reject(new Error('alerts are raised by the site')),
        }),
    },
    {
      provide: AlertRecorder,
      inject: [CONFIG, ALERTS, Outbox, EventLog, NoticeRepository],
      useFactory: (
        config: DeploymentConfig,
        alerts: AlertStore,
        outbox: Outbox,
        events: EventLog,
        notices: NoticeRepository,
      ) => new AlertRecorder(config.MUSTER_SITE, alerts, outbox, events, notices),
    },
    {
      provide: AlertsService,
      inject: [CONFIG, Database, AlertRepository, AlertRecorder],
      useFactory: (
        config: DeploymentConfig,
        database: Database,
        repository: AlertRepository,
        recorder: AlertRecorder,
      ) => new AlertsService(config.MUSTER_SITE, database, repository, recorder),
    },
    {
      provide: AlertsBelow,
      inject: [CONFIG, Database],
      useFactory: (config: DeploymentConfig, database: Database) => new AlertsBelow(config.MUSTER_SITE, database),
    },
    {
      provide: AlertWatch,
      inject: [Database, AlertRepository, AlertRecorder, ALERTS, Outbox, CONFIG, LOGGER],
      useFactory: (
        database: Database,
        repository: AlertRepository,
        recorder: AlertRecorder,
        alerts: AlertStore,
        outbox: Outbox,
        config: DeploymentConfig,
        logger: Logger,
      ) =>
        new AlertWatch(
          database,
          repository,
          new CollectionActivityRepository(config.MUSTER_INACTIVE_DAYS),
          recorder,
          alerts,
          outbox,
          config.MUSTER_ALERT_KEEP_DAYS,
          logger,
        ),
    },
  ],
})
export class AlertsModule {}
