import { hierarchySiteChanged } from '@muster/contracts/events/hierarchy-site-changed.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import {
  readAnew,
  readConflicts,
  readReplication,
  settleConflict,
  verifyReplication,
  type ServiceLink,
} from '@muster/contracts/requests/replication.js';
import type { ServiceName } from '@muster/contracts/resource.js';
import { linkState } from '@muster/hierarchy/link.js';
import type { Bus } from '@muster/messaging/bus.js';
import { on, type Subscription } from '@muster/messaging/consumer.js';
import type { LinkBus } from '@muster/messaging/link-bus.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { Conflicts } from '@muster/replication/conflicts.js';
import { type Hierarchy, HierarchyRepository } from '@muster/replication/hierarchy.repository.js';
import type { LinkPort } from '@muster/replication/link-port.js';
import { LinkRepository, type LinkRecord } from '@muster/replication/link.repository.js';
import { ProblemRepository } from '@muster/replication/problem.repository.js';
import { Replication } from '@muster/replication/replication.js';
import type { LinkKey } from '@muster/replication/site-signature.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Logger } from 'pino';
import type { Replicas } from './replicas.js';

/** The service's way to the same service of other sites. */
export interface SiteLinks {
  readonly bus: LinkBus;
  readonly key: LinkKey;
}

/** Of each list that is told. */
const MOST_TOLD = 100;

/** Lets a service have its objects in common with other sites, and answers how that goes. */
export class SiteReplication {
  private readonly sites = new HierarchyRepository();
  private readonly links = new LinkRepository();
  private readonly problems = new ProblemRepository();
  private readonly ownAnswers: ((port: LinkPort) => void)[] = [];
  private replication: Replication | undefined;

  constructor(
    private readonly service: ServiceName,
    private readonly site: string,
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly way: SiteLinks | undefined,
    private readonly replicas: Replicas,
    private readonly logger: Logger,
  ) {}

  /** Whether a site stands above this one. */
  get hasParent(): boolean {
    return this.replication?.hasParent ?? false;
  }

  /** The sites as they are known now; undefined where this one stands alone. */
  get hierarchy(): Hierarchy | undefined {
    return this.replication?.sitesNow;
  }

  /** The way to ask neighbours; undefined where this site stands alone. */
  get port(): LinkPort | undefined {
    return this.replication?.port;
  }

  /** What this service alone answers its neighbours, beside what all do. Call before `start`. */
  answersAlso(register: (port: LinkPort) => void): void {
    this.ownAnswers.push(register);
  }

  /** What keeps this service's copy of the hierarchy true. */
  get subscription(): Subscription {
    return on(hierarchySiteChanged, (tx, site) => this.keepSite(tx, site));
  }

  /** A site joined, changed or was revoked: for the service that decides it, in its transaction. */
  async keepSite(tx: Transaction, { parent, ...site }: HierarchySiteRecord): Promise<void> {
    await this.sites.save(tx, { ...site, parent: parent ?? undefined });
    tx.afterCommit(() => this.replication?.sitesChanged());
  }

  /** Call when every kind is known. */
  start(): void {
    const { log, kinds } = this.replicas;
    if (this.way && log) {
      this.replication = new Replication(this.database, this.way.bus, log, kinds, {
        here: this.site,
        key: this.way.key,
        report: {
          error: (error) => {
            // A link that is cut is a state, told by the links' records; only what nobody foresaw is worth a warning.
            const level = error instanceof MusterError ? 'debug' : 'warn';
            this.logger[level]({ err: error }, 'cannot replicate right now; trying again');
          },
          parked: (peer, error) => this.logger.error({ peer, error }, 'parked what another site sent'),
          waiting: ({ kind, key }, error) =>
            this.logger.warn({ kind, key, err: error }, 'an object of another site cannot be used here yet'),
        },
      });
      for (const register of this.ownAnswers) register(this.replication.port);
      this.replication.start();
    }
    this.answer();
  }

  async stop(): Promise<void> {
    await this.replication?.stop();
    await this.way?.bus.close();
  }

  private answer(): void {
    const failed = (error: unknown) => this.logger.warn({ err: error }, 'cannot answer about replication');
    const { service, bus, database, replicas } = this;
    bus.answer(
      readReplication(service),
      async () => {
        const counts = await this.problems.counts(database);
        const waiting = await this.problems.list(database, MOST_TOLD);
        const parked = await this.problems.parked(database, MOST_TOLD);
        return {
          links: (await this.links.list(database)).map(told),
          waiting: waiting.map((one) => ({ ...one, since: one.since.toISOString() })),
          waitingCount: counts.problems,
          parked: parked.map((one) => ({ ...one, parkedAt: one.parkedAt.toISOString() })),
          parkedCount: counts.parked,
        };
      },
      failed,
    );
    bus.answer(
      verifyReplication(service),
      async ({ repair, peer }) => ({ compared: (await this.replication?.verify(repair, peer)) ?? [] }),
      failed,
    );
    bus.answer(
      readAnew(service),
      async ({ peer }) => {
        await this.replication?.readAnew(peer);
        return { begun: this.replication !== undefined };
      },
      failed,
    );
    const { log } = replicas;
    const conflicts = log && new Conflicts(database, log, replicas.kinds);
    bus.answer(
      readConflicts(service),
      async ({ limit, name }) => ({ conflicts: (await conflicts?.list(limit, name)) ?? [] }),
      failed,
    );
    bus.answer(
      settleConflict(service),
      async ({ name, how, actor }) => ({ settled: (await conflicts?.settle(name, how, actor)) ?? false }),
      failed,
    );
  }
}

function told({ succeededAt, levelAt, verifiedAt, ...link }: LinkRecord): ServiceLink {
  const at = (date: Date | null) => date?.toISOString() ?? null;
  return {
    ...link,
    state: linkState(link.failedAttempts),
    succeededAt: at(succeededAt),
    levelAt: at(levelAt),
    verifiedAt: at(verifiedAt),
  };
}
