import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Loop } from '@muster/messaging/loop.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { PolicyConfig } from '../config.js';
import { type Concerned, LiveRepository } from './live.repository.js';

/** What another replica committed is known here after at most this time. */
const REFRESH_MILLISECONDS = 250;
/** Well below the time for which changes are noted (housekeeping): who heard nothing for longer may have missed some. */
const GAP_MILLISECONDS = 5 * 60_000;

/**
 * What this process knows without asking per request: the serial of policy, and the devices that were blocked while
 * their access tokens may still be good. Read by a loop, and at once after this process's own commits.
 */
@Injectable()
export class LiveState implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private known = 0;
  private blocked: ReadonlySet<string> = new Set();
  private readonly blockedHere = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private readonly gapListeners = new Set<() => void>();
  private refreshedAt = performance.now();
  private readonly loop: Loop;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LiveRepository) private readonly repository: LiveRepository,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.refresh(),
      REFRESH_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot read the state of policy right now; trying again'),
    );
  }

  /** A start raises the serial: after a restore the table may be behind what agents have seen. */
  async onModuleInit(): Promise<void> {
    await this.database.transaction((tx) => this.repository.nextSerial(tx));
    await this.refresh();
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  /** The newest serial that this process has heard of. */
  get serial(): number {
    return this.known;
  }

  isBlocked(deviceUid: string): boolean {
    return this.blocked.has(deviceUid) || this.blockedHere.has(deviceUid);
  }

  /** Calls back whenever the serial rose. */
  onSerial(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Calls back when changes may have been missed: nothing was heard for long, or the database is one of an earlier day. */
  onGap(listener: () => void): void {
    this.gapListeners.add(listener);
  }

  /** First of all in a transaction that writes deployments: all take the lock of the serial before theirs. */
  async lock(tx: Transaction): Promise<void> {
    await this.repository.lockSerial(tx);
  }

  /** Part of every transaction that changes what any policy could say, and to whom. */
  async policyChanges(tx: Transaction, concerned: Concerned): Promise<void> {
    const serial = await this.repository.nextSerial(tx);
    await this.repository.noteChange(tx, serial, concerned);
    tx.afterCommit(() => this.heard(serial));
  }

  /** Part of the transaction that blocks a device: refuses its sessions here at once, elsewhere within the refresh time. */
  deviceBlocked(tx: Transaction, deviceUid: string): void {
    tx.afterCommit(() => {
      this.blockedHere.add(deviceUid);
      this.loop.nudge();
    });
  }

  /** Somebody saw this serial in the database. */
  heard(serial: number): void {
    if (serial <= this.known) return;
    this.known = serial;
    for (const listener of this.listeners) listener();
  }

  private async refresh(): Promise<void> {
    // Blocked after this line may be missing in the answer; what was blocked before it is there.
    const here = [...this.blockedHere];
    const before = this.known;
    const { serial, blocked } = await this.repository.read(this.database, this.config.MUSTER_SESSION_MINUTES);
    this.blocked = new Set(blocked);
    for (const uid of here) this.blockedHere.delete(uid);
    const now = performance.now();
    if (serial < before || now - this.refreshedAt > GAP_MILLISECONDS)
      for (const listener of this.gapListeners) listener();
    this.refreshedAt = now;
    this.heard(serial);
  }
}
