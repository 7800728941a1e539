import { Module } from '@nestjs/common';
import {
  alertSubscription,
  type AlertSubscriptionSpec,
  type AlertSubscriptionStatus,
} from '@muster/contracts/kinds/alert-subscription.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { alertSubscriptionRules } from './alert-subscription.rules.js';
import { AlertSubscriptionsController } from './alert-subscriptions.controller.js';
import { AlertSubscriptionsGrpcController } from './alert-subscriptions.grpc.js';
import { AlertSubscriptionsService } from './alert-subscriptions.service.js';
import { AlertsHeard } from './alerts-heard.js';
import { MailRepository } from './mail.repository.js';
import { MailServer } from './mail-server.js';
import { mailSettingsOf } from './mail-settings.js';
import { Mailer } from './mailer.js';
import { NoticeRepository } from './notice.repository.js';

const SUBSCRIPTIONS = Symbol('alert subscriptions');
/** The mail server of the site; undefined where there is none. */
const MAIL_SERVER = Symbol('mail server');

type SubscriptionStore = ResourceStore<AlertSubscriptionSpec, AlertSubscriptionStatus>;

/** Alerts by mail: who asks for which, what they are told, and how it comes to the mail server. */
@Module({
  controllers: [
    restController(alertSubscription, SUBSCRIPTIONS),
    grpcController(alertSubscription, SUBSCRIPTIONS),
    AlertSubscriptionsController,
    AlertSubscriptionsGrpcController,
  ],
  providers: [
    { provide: NoticeRepository, useFactory: () => new NoticeRepository() },
    { provide: MailRepository, useFactory: () => new MailRepository() },
    {
      provide: MAIL_SERVER,
      inject: [CONFIG],
      useFactory: (config: DeploymentConfig) => {
        const settings = mailSettingsOf(config);
        return settings && new MailServer(settings);
      },
    },
    {
      provide: SUBSCRIPTIONS,
      inject: [Database, Outbox, NoticeRepository, MailRepository, MAIL_SERVER],
      useFactory: (
        database: Database,
        outbox: Outbox,
        notices: NoticeRepository,
        mails: MailRepository,
        server: MailServer | undefined,
      ) => {
        const rules = alertSubscriptionRules(database, notices, mails, server !== undefined);
        return new ResourceStore(alertSubscription, 'alert_subscription', database, outbox, rules);
      },
    },
    {
      provide: AlertSubscriptionsService,
      inject: [SUBSCRIPTIONS, MAIL_SERVER, CONFIG],
      useFactory: (subscriptions: SubscriptionStore, server: MailServer | undefined, config: DeploymentConfig) =>
        new AlertSubscriptionsService(subscriptions, server, config.MUSTER_SITE),
    },
    {
      provide: AlertsHeard,
      inject: [CONFIG, Database, NoticeRepository, LOGGER],
      useFactory: (config: DeploymentConfig, database: Database, notices: NoticeRepository, logger: Logger) =>
        new AlertsHeard(config.MUSTER_SITE, database, notices, logger),
    },
    {
      provide: Mailer,
      inject: [Database, NoticeRepository, MailRepository, MAIL_SERVER, CONFIG, LOGGER],
      useFactory: (
        database: Database,
        notices: NoticeRepository,
        mails: MailRepository,
        server: MailServer | undefined,
        config: DeploymentConfig,
        logger: Logger,
      ) => {
        const options = {
          site: config.MUSTER_SITE,
          gatherSeconds: config.MUSTER_MAIL_GATHER_SECONDS,
          everySeconds: config.MUSTER_MAIL_EVERY_SECONDS,
          giveUpHours: config.MUSTER_MAIL_GIVE_UP_HOURS,
          keepDays: config.MUSTER_EVENT_KEEP_DAYS,
        };
        return new Mailer(database, notices, mails, server, options, logger);
      },
    },
  ],
  exports: [NoticeRepository],
})
export class AlertSubscriptionsModule {}
