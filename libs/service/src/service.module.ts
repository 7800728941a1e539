import {
  Global,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { apiTokenChanged } from '@muster/contracts/events/api-token-changed.js';
import { readAudit } from '@muster/contracts/requests/read-audit.js';
import type { ServiceName } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { FactConsumer, on, type Subscription } from '@muster/messaging/consumer.js';
import { OutboxRelay } from '@muster/messaging/relay.js';
import { pruneAudit, readAuditEntries } from '@muster/persistence/audit.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import type { ServiceConfig } from '@muster/platform/config.js';
import { currentTraceparent } from '@muster/platform/trace.js';
import { ReplicaLog } from '@muster/replication/replica-log.js';
import type { Logger } from 'pino';
import { ApiTokenRepository } from './auth/api-token.repository.js';
import { TokenAuthenticator } from './auth/token-authenticator.js';
import { HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { Metrics } from './health/metrics.js';
import { Refusals } from './refusals/refusals.js';
import { Replicas } from './replication/replicas.js';
import { SiteReplication, type SiteLinks } from './replication/site-replication.js';
import { pruneAnswers } from './resources/idempotency.repository.js';
import { CONFIG, LOGGER } from './tokens.js';

/** What a service tells the others' facts apart by: producer → what it does with each. */
export const SUBSCRIPTIONS = Symbol('subscriptions');
export type Subscriptions = Partial<Record<ServiceName, Subscription[]>>;

/** Starts what runs in the background once everything is wired, and ends it in the right order. */
class BackgroundWork implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly consumers: FactConsumer[] = [];
  private pruning: NodeJS.Timeout | undefined;

  constructor(
    private readonly service: ServiceName,
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly relay: OutboxRelay,
    private readonly replication: SiteReplication,
    private readonly tokens: ApiTokenRepository,
    private readonly subscriptions: Subscriptions,
    private readonly keepAuditDays: number,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.relay.start();
    const subscriptions: Subscriptions = { ...this.subscriptions };
    if (this.service !== 'policy') {
      const keepToken = on(apiTokenChanged, (tx, token) => this.tokens.save(tx, token));
      subscriptions.policy = [keepToken, this.replication.subscription, ...(subscriptions.policy ?? [])];
    }
    for (const [producer, handlers] of Object.entries(subscriptions)) {
      const consumer = new FactConsumer(this.database, this.bus, this.service, producer as ServiceName, handlers, {
        error: (error) => this.logger.warn({ err: error, producer }, 'cannot read facts right now; trying again'),
        parked: (entry, error) =>
          this.logger.error(
            { err: error, producer, position: entry.position, subject: entry.subject },
            'parked a fact that cannot be applied',
          ),
      });
      consumer.start();
      this.consumers.push(consumer);
    }
    this.replication.start();
    this.bus.answer(
      readAudit(this.service),
      async ({ before, limit, ...filter }) => ({
        entries: await readAuditEntries(this.database, this.service, filter, { before, limit }),
      }),
      (error) => this.logger.warn({ err: error }, 'cannot read the audit record'),
    );
    this.pruning = setInterval(() => {
      Promise.all([pruneAnswers(this.database), pruneAudit(this.database, this.keepAuditDays)]).catch(
        (error: unknown) => this.logger.warn({ err: error }, 'pruning failed'),
      );
    }, 3_600_000);
    this.pruning.unref();
  }

  /** After the doors are closed and the requests in flight are answered: they still need the database and the bus. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.pruning);
    await Promise.all([...this.consumers.map((consumer) => consumer.stop()), this.replication.stop()]);
    await this.relay.stop();
    await this.bus.close();
    await this.database.close();
  }
}

/** What every service has: its database, its place on the bus, authentication, health and metrics. */
@Global()
@Module({})
export class ServiceModule {
  /** @param parts.resources already opened connections, made by startService before Nest wires the rest */
  static forRoot(parts: {
    service: ServiceName;
    config: ServiceConfig;
    logger: Logger;
    database: Database;
    bus: Bus;
    /** undefined: the site has no link key, and stands alone. */
    links: SiteLinks | undefined;
    subscriptions:
      | {
          imports?: DynamicModule['imports'];
          inject: unknown[];
          useFactory: (...dependencies: never[]) => Subscriptions;
        }
      | undefined;
  }): DynamicModule {
    const { service, config, logger, database, bus, links } = parts;
    return {
      module: ServiceModule,
      imports: parts.subscriptions?.imports ?? [],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: Database, useValue: database },
        { provide: Bus, useValue: bus },
        { provide: Outbox, useFactory: () => new Outbox(config.MUSTER_SITE, currentTraceparent) },
        {
          provide: OutboxRelay,
          inject: [Outbox],
          useFactory: (outbox: Outbox) =>
            new OutboxRelay(database, bus, service, outbox, (error) =>
              logger.warn({ err: error }, 'cannot publish facts right now; trying again'),
            ),
        },
        {
          provide: Replicas,
          useFactory: () => new Replicas(links && new ReplicaLog(config.MUSTER_SITE), config.MUSTER_SITE),
        },
        {
          provide: SiteReplication,
          inject: [Replicas],
          useFactory: (replicas: Replicas) =>
            new SiteReplication(service, config.MUSTER_SITE, database, bus, links, replicas, logger),
        },
        {
          provide: Refusals,
          useFactory: () => new Refusals(database, config.MUSTER_TRUSTED_PROXIES, logger),
        },
        { provide: ApiTokenRepository, useFactory: () => new ApiTokenRepository(database) },
        {
          provide: TokenAuthenticator,
          inject: [ApiTokenRepository],
          useFactory: (tokens: ApiTokenRepository) => new TokenAuthenticator(tokens),
        },
        { provide: Metrics, useFactory: () => new Metrics(service, database) },
        {
          provide: SUBSCRIPTIONS,
          inject: (parts.subscriptions?.inject ?? []) as never[],
          useFactory: parts.subscriptions?.useFactory ?? (() => ({})),
        },
        {
          provide: BackgroundWork,
          inject: [OutboxRelay, SiteReplication, ApiTokenRepository, SUBSCRIPTIONS],
          useFactory: (
            relay: OutboxRelay,
            replication: SiteReplication,
            tokens: ApiTokenRepository,
            subscriptions: Subscriptions,
          ) =>
            new BackgroundWork(
              service,
              database,
              bus,
              relay,
              replication,
              tokens,
              subscriptions,
              config.MUSTER_AUDIT_KEEP_DAYS,
              logger,
            ),
        },
      ],
      exports: [
        CONFIG,
        LOGGER,
        Database,
        Bus,
        Outbox,
        OutboxRelay,
        Replicas,
        SiteReplication,
        ApiTokenRepository,
        TokenAuthenticator,
        Metrics,
      ],
    };
  }
}
