import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { DeviceWish } from '@muster/contracts/agent/wake-up.js';
import { Loop } from '@muster/messaging/loop.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { PolicyConfig } from '../config.js';
import { type Concerned, LiveRepository, type RefusedState, type Serials } from './live.repository.js';

/** What another replica committed is known here after at most this time. */
const REFRESH_MILLISECONDS = 250;
/** What one process has heard of is known to every other after so long, as good as always: one round and its question. */
export const KNOWN_TO_ALL_MILLISECONDS = REFRESH_MILLISECONDS + 150;
/** Well below the time for which changes are noted (housekeeping): who heard nothing for longer may have missed some. */
const GAP_MILLISECONDS = 5 * 60_000;

/**
 * What this process knows without asking per request: the serial of policy, and the devices that were refused while
 * their access tokens may still be good. Read by a loop, and at once after this process's own commits.
 */
@Injectable()
export class LiveState implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private known = 0;
  private refused: ReadonlyMap<string, RefusedState> = new Map();
  private readonly refusedHere = new Map<string, RefusedState>();
  private readonly listeners = new Set<() => void>();
  private readonly refusals = new Set<() => void>();
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

  /** Why a device is refused that may still have an access token; undefined: it is not. */
  refusal(deviceUid: string): RefusedState | undefined {
    return this.refusedHere.get(deviceUid) ?? this.refused.get(deviceUid);
  }

  /** Calls back when a device was refused by a commit of this process. */
  onRefused(listener: () => void): void {
    this.refusals.add(listener);
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

  /** Part of a transaction that wants something of devices that are connected: every process hears of it, and no policy is read anew. */
  async deviceCalls(tx: Transaction, concerned: Concerned, wish: DeviceWish): Promise<void> {
    const serial = await this.repository.nextSerial(tx);
    await this.repository.noteCall(tx, serial, concerned, wish);
    tx.afterCommit(() => this.heard(serial));
  }

  /** Part of the transaction that refuses a device: its sessions end here at once, elsewhere within the refresh time. */
  deviceRefused(tx: Transaction, deviceUid: string, state: RefusedState): void {
    tx.afterCommit(() => {
      this.refusedHere.set(deviceUid, state);
      this.loop.nudge();
      for (const listener of this.refusals) listener();
    });
  }

  /** Part of the transaction that takes a refusal back. */
  deviceAdmitted(tx: Transaction, deviceUid: string): void {
    tx.afterCommit(() => {
      this.refusedHere.delete(deviceUid);
      this.refused = new Map([...this.refused].filter(([uid]) => uid !== deviceUid));
      this.loop.nudge();
    });
  }

  /** The devices to which policy may say something else at one serial than at another. */
  concerned(serials: Serials): Promise<string[]> {
    return this.repository.concerned(this.database, serials);
  }

  /** What was wanted of devices between two serials. */
  calls(serials: Serials): Promise<{ deviceUid: string; wish: DeviceWish }[]> {
    return this.repository.calls(this.database, serials);
  }

  /** Somebody saw this serial in the database. */
  heard(serial: number): void {
    if (serial <= this.known) return;
    this.known = serial;
    for (const listener of this.listeners) listener();
  }

  private async refresh(): Promise<void> {
    // Refused after this line may be missing in the answer; what was refused before it is there.
    const here = [...this.refusedHere];
    const before = this.known;
    const { serial, refused } = await this.repository.read(this.database, this.config.MUSTER_SESSION_MINUTES);
    this.refused = new Map(Object.entries(refused));
    for (const [uid, state] of here) if (this.refusedHere.get(uid) === state) this.refusedHere.delete(uid);
    const now = performance.now();
    if (serial < before || now - this.refreshedAt > GAP_MILLISECONDS)
      for (const listener of this.gapListeners) listener();
    this.refreshedAt = now;
    this.heard(serial);
  }
}
