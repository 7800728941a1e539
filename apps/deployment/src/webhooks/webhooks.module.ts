import { Module } from '@nestjs/common';
import { webhook, type WebhookSpec, type WebhookStatus } from '@muster/contracts/kinds/webhook.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { EventLog } from '../events/event-log.js';
import { Dispatcher } from './dispatcher.js';
import { toBlockList } from './judge-address.js';
import { LineServer } from './line-server.js';
import { Messenger } from './messenger.js';
import { SecretBox } from './secret-box.js';
import { WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import { WebhookLineRepository } from './webhook-line.repository.js';
import { WebhookSecretRepository } from './webhook-secret.repository.js';
import { webhookRules } from './webhook.rules.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksGrpcController } from './webhooks.grpc.js';
import { WebhooksService } from './webhooks.service.js';

const WEBHOOKS = Symbol('webhooks');

type WebhookStore = ResourceStore<WebhookSpec, WebhookStatus>;

@Module({
  controllers: [
    restController(webhook, WEBHOOKS),
    grpcController(webhook, WEBHOOKS),
    WebhooksController,
    WebhooksGrpcController,
  ],
  providers: [
    { provide: WebhookLineRepository, useFactory: () => new WebhookLineRepository() },
    { provide: WebhookDeliveryRepository, useFactory: () => new WebhookDeliveryRepository() },
    { provide: WebhookSecretRepository, useFactory: () => new WebhookSecretRepository() },
    {
      provide: SecretBox,
      inject: [CONFIG],
      useFactory: (config: DeploymentConfig) => new SecretBox(Buffer.from(config.MUSTER_WEBHOOK_KEY, 'base64url')),
    },
    {
      provide: WEBHOOKS,
      inject: [Database, Outbox, WebhookLineRepository, WebhookSecretRepository, SecretBox, CONFIG],
      useFactory: (
        database: Database,
        outbox: Outbox,
        lines: WebhookLineRepository,
        secrets: WebhookSecretRepository,
        box: SecretBox,
        { MUSTER_WEBHOOK_NETWORKS: networks }: DeploymentConfig,
      ) => {
        const rules = webhookRules(database, lines, secrets, box, {
          allowed: toBlockList(networks),
          any: networks.length > 0,
        });
        return new ResourceStore(webhook, 'webhook', database, outbox, rules);
      },
    },
    {
      provide: Messenger,
      inject: [Database, WebhookSecretRepository, SecretBox, CONFIG],
      useFactory: (database: Database, secrets: WebhookSecretRepository, box: SecretBox, config: DeploymentConfig) =>
        new Messenger(database, secrets, box, toBlockList(config.MUSTER_WEBHOOK_NETWORKS)),
    },
    {
      provide: WebhooksService,
      inject: [Database, WEBHOOKS, WebhookLineRepository, WebhookDeliveryRepository, Messenger, CONFIG],
      useFactory: (
        database: Database,
        webhooks: WebhookStore,
        lines: WebhookLineRepository,
        deliveries: WebhookDeliveryRepository,
        messenger: Messenger,
        config: DeploymentConfig,
      ) => new WebhooksService(database, webhooks, lines, deliveries, messenger, config.MUSTER_SITE),
    },
    {
      provide: Dispatcher,
      inject: [Database, WebhookLineRepository, WebhookDeliveryRepository, Messenger, EventLog, CONFIG, LOGGER],
      useFactory: (
        database: Database,
        lines: WebhookLineRepository,
        deliveries: WebhookDeliveryRepository,
        messenger: Messenger,
        events: EventLog,
        config: DeploymentConfig,
        logger: Logger,
      ) => {
        const options = { site: config.MUSTER_SITE, giveUpHours: config.MUSTER_WEBHOOK_GIVE_UP_HOURS };
        const server = new LineServer(database, lines, deliveries, messenger, options, logger);
        return new Dispatcher(database, lines, server, deliveries, events, config.MUSTER_EVENT_KEEP_DAYS, logger);
      },
    },
  ],
})
export class WebhooksModule {}
