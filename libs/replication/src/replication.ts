import type { LinkBus } from '@muster/messaging/link-bus.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import { ComparisonSchedule, type ComparisonTimes } from './comparison-schedule.js';
import { Comparison, type Compared } from './comparison.js';
import { Hierarchy, HierarchyRepository } from './hierarchy.repository.js';
import { Intake } from './intake.js';
import { LinkAnswers } from './link-answers.js';
import { LinkPort } from './link-port.js';
import { LinkReader } from './link-reader.js';
import { BEGINNING, LinkRepository } from './link.repository.js';
import type { ReplicaLog } from './replica-log.js';
import type { ReplicaName } from './replica.repository.js';
import type { ReplicatedKind } from './replicated-kind.js';
import type { LinkKey } from './site-signature.js';

/** What a service tells of its replication. */
export interface ReplicationReport {
  error(error: unknown): void;
  parked(peer: string, error: string): void;
  waiting(name: ReplicaName, error: unknown): void;
}

const LOOK_AT_SITES_MILLISECONDS = 2_000;
const UNRECORDED_AT_ONCE = 200;

/** The replication of one service with the same service of the neighbouring sites. */
export class Replication {
  private hierarchy: Hierarchy;
  private readonly sites = new HierarchyRepository();
  private readonly links = new LinkRepository();
  private readonly readers = new Map<string, LinkReader>();
  private readonly intake: Intake;
  /** Asks neighbours, and answers them. */
  readonly port: LinkPort;
  private readonly comparison: Comparison;
  private readonly schedule: ComparisonSchedule;
  private readonly look: Loop;
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly bus: LinkBus,
    private readonly log: ReplicaLog,
    private readonly kinds: readonly ReplicatedKind[],
    private readonly options: {
      here: string;
      key: LinkKey;
      report: ReplicationReport;
      now?: () => number;
      comparisons?: ComparisonTimes;
    },
  ) {
    const { here, key, report } = options;
    this.hierarchy = new Hierarchy(here, new Map());
    this.intake = new Intake(database, log, kinds, report);
    const neighbour = (code: string) => this.hierarchy.neighbours.find((site) => site.code === code);
    this.port = new LinkPort(bus, key, here, neighbour, (error) => report.error(error), options.now);
    this.comparison = new Comparison(database, this.port, this.intake, () => this.hierarchy);
    this.schedule = new ComparisonSchedule(
      database,
      this.comparison,
      () => this.hierarchy,
      (peer) => this.readsFrom(peer),
      options.comparisons ?? {},
      (error) => report.error(error),
    );
    this.look = new Loop(
      () => this.lookAtSites(),
      LOOK_AT_SITES_MILLISECONDS,
      (error) => report.error(error),
    );
    log.onCommitted(() => bus.hint());
  }

  start(): void {
    const now = this.options.now ?? Date.now;
    new LinkAnswers(
      this.database,
      () => this.hierarchy,
      now,
      () => {
        for (const reader of this.readers.values()) reader.nudge();
      },
    ).register(this.port);
    this.look.start();
    this.schedule.start();
  }

  /** The sites as they were at the last look. */
  get sitesNow(): Hierarchy {
    return this.hierarchy;
  }

  /** Whether a site stands above this one. */
  get hasParent(): boolean {
    return this.hierarchy.own?.parent !== undefined;
  }

  /** Whether this process of the service is the one that reads the feed of a neighbour. */
  readsFrom(peer: string): boolean {
    return this.readers.get(peer)?.reads ?? false;
  }

  /** The sites may be others now: look at once. */
  sitesChanged(): void {
    this.look.nudge();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.look.stop();
    await this.schedule.stop();
    await Promise.all([...this.readers.values()].map((reader) => reader.stop()));
  }

  /** Compares this site with each neighbour, or with one; mends what differs where `repair` says so. */
  async verify(repair: boolean, peer?: string): Promise<Compared[]> {
    const compared: Compared[] = [];
    for (const site of this.hierarchy.neighbours) {
      if (peer !== undefined && peer !== site.code) continue;
      // One neighbour that is away hides nothing of the others.
      const without = (error: unknown) => ({ peer: site.code, differences: [], repaired: 0, error: String(error) });
      compared.push(await this.comparison.compare(site, repair).catch(without));
    }
    return compared;
  }

  /** Reads everything of a neighbour again, while both go on. Merging makes that harmless. */
  async readAnew(peer: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.links.movePlace(tx, peer, await this.links.placeInTurn(tx, peer), BEGINNING);
    });
    this.readers.get(peer)?.nudge();
  }

  private async lookAtSites(): Promise<void> {
    this.hierarchy = await this.sites.read(this.database, this.options.here);
    const wanted = new Map(this.hierarchy.neighbours.map((site) => [site.code, site]));
    for (const [code, reader] of this.readers) {
      if (wanted.has(code)) continue;
      this.readers.delete(code);
      await reader.stop();
    }
    if (wanted.size > 0) await this.recordWhatWasThere();
    for (const site of wanted.values()) {
      if (this.readers.has(site.code) || this.stopping) continue;
      const reader = new LinkReader(
        site,
        this.database,
        this.port,
        this.intake,
        () => this.hierarchy,
        this.bus,
        this.options.now ?? Date.now,
        (error) => this.options.report.error(error),
      );
      this.readers.set(site.code, reader);
      reader.start();
    }
  }

  /** Objects from before replication get their replicas, a few at a time. */
  private async recordWhatWasThere(): Promise<void> {
    // What a secondary site made before it joined, such as what is built in, is its own.
    if (this.hierarchy.own?.kind === 'secondary') return;
    for (const kind of this.kinds) {
      if (!kind.unrecorded) continue;
      for (let count = UNRECORDED_AT_ONCE; count === UNRECORDED_AT_ONCE && !this.stopping;) {
        count = await this.database.transaction(async (tx) => {
          const found = (await kind.unrecorded?.(tx, UNRECORDED_AT_ONCE)) ?? [];
          for (const { key, content } of found) await this.log.recordOlder(tx, kind, key, content);
          return found.length;
        });
      }
    }
  }
}
