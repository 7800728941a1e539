import { randomUUID } from 'node:crypto';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import { reasonToWait } from '../distributions/admit-transfers.js';
import type { DistributionJobRepository } from '../distributions/distribution-job.repository.js';
import { Pace, paced } from '../distributions/pace.js';
import type { WakeUp } from '../distributions/wake-up.js';
import type { LibraryBlobRepository } from '../packages/library-blob.repository.js';
import { inParallel } from '../stores/in-parallel.js';
import { blobKey, manifestKey } from '../stores/object-names.js';
import { StoreError, type ObjectStore } from '../stores/object-store.js';
import type { Stores } from '../stores/stores.js';
import { bytesSource, checkCopy, type CopyOutcome, type RepairSource } from './check-copy.js';
import type { ClaimedCopy, CopyRepository } from './copy.repository.js';

const LOOK_EVERY_MILLISECONDS = 2_000;
const CLAIM_PER_SLOT = 8;
/** A point that does not answer is left alone for this long; a bad copy that nobody can repair is tried again after it. */
const AGAIN_SECONDS = 30;
/** Of what travels, as `reasonToWait` counts. */
const LOW = 2;
const AT_FULL_SPEED = new Pace(undefined);

/**
 * Reads stored objects again, byte for byte, and repairs what is wrong: copies of points from the library or another
 * point, copies of the library from a point. Auditors of all replicas share the work; a lease ends with its holder.
 */
export class Auditor {
  private readonly loop: Loop;
  private readonly silentUntil = new Map<string, number>();
  /** By the points whose rate is limited and that are read right now. */
  private readonly lanes = new Map<string, Promise<void>>();
  private resting: readonly string[] = [];
  private readonly abort = new AbortController();

  constructor(
    private readonly database: Database,
    private readonly copies: CopyRepository,
    private readonly jobs: DistributionJobRepository,
    private readonly libraryBlobs: LibraryBlobRepository,
    private readonly stores: Stores,
    private readonly logger: Logger,
    private readonly limits: { slots: number; everyHours: number; leaseSeconds: number },
    wakeUp: WakeUp,
  ) {
    this.loop = new Loop(
      () => this.checkDue(),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot check stored objects right now; trying again'),
    );
    wakeUp.onWake(() => this.loop.nudge());
  }

  start(): void {
    if (this.limits.slots > 0) this.loop.start();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.loop.stop();
    await Promise.all(this.lanes.values());
  }

  private async checkDue(): Promise<void> {
    // A whole audit takes hours: windows open and close meanwhile, and other points have something to be read.
    do {
      this.resting = await this.findResting();
      await this.openLanes();
    } while (!this.abort.signal.aborted && (await this.checkSome()));
  }

  /** Points whose schedule lets nothing unimportant travel now: nobody reads there, or writes anew, what can wait. */
  private async findResting(): Promise<string[]> {
    const now = new Date();
    const points = await this.copies.findScheduledPoints(this.database);
    return points.flatMap(({ uid, spec: { transfers } }) => (reasonToWait({ transfers }, LOW, now) ? [uid] : []));
  }

  /** Points that take only so many bytes in a second are read one copy after the other, beside everything else: they would hold it up. */
  private async openLanes(): Promise<void> {
    const busy = [...this.lanes.keys(), ...this.silentPoints()];
    const where = { skip: busy, resting: this.resting };
    for (const pointUid of await this.copies.findLimitedPoints(this.database, where)) {
      const lane = this.checkLimited(pointUid)
        .catch((error: unknown) => this.logger.warn({ err: error }, 'cannot check a point right now; trying again'))
        .finally(() => this.lanes.delete(pointUid));
      this.lanes.set(pointUid, lane);
    }
  }

  private async checkLimited(pointUid: string): Promise<void> {
    const { leaseSeconds } = this.limits;
    const pace = new Pace(undefined);
    while (!this.abort.signal.aborted && !this.isSilent(pointUid)) {
      const lease = randomUUID();
      const where = { pointUid, resting: this.resting };
      const claimed = await this.copies.claimAt(this.database, lease, leaseSeconds, CLAIM_PER_SLOT, where);
      const [first] = claimed;
      if (!first?.point) return;
      const { point } = first;
      const setRate = async () => pace.setRate(await this.jobs.findShareOfRate(this.database, point));
      await setRate();
      await this.holding(lease, setRate, async () => {
        for (const copy of claimed) await this.checkOne(copy, lease, pace);
      });
    }
  }

  private async checkSome(): Promise<boolean> {
    const lease = randomUUID();
    const { slots, leaseSeconds } = this.limits;
    const most = slots * CLAIM_PER_SLOT;
    const where = { skip: this.silentPoints(), resting: this.resting };
    const claimed = [
      ...(await this.copies.claim(this.database, lease, leaseSeconds, most, where)),
      ...(this.isSilent('library') ? [] : await this.copies.claimOfLibrary(this.database, lease, leaseSeconds, most)),
    ];
    if (claimed.length === 0) return false;
    await this.holding(lease, undefined, () =>
      inParallel(claimed, slots, (copy) => this.checkOne(copy, lease, AT_FULL_SPEED)),
    );
    return true;
  }

  /** Says now and then that whoever has the lease is alive, while something is done. */
  private async holding(
    lease: string,
    beside: (() => Promise<void>) | undefined,
    work: () => Promise<void>,
  ): Promise<void> {
    const { leaseSeconds } = this.limits;
    const pulse = new Loop(
      async () => {
        await this.copies.renew(this.database, lease, leaseSeconds);
        await beside?.();
      },
      (leaseSeconds * 1000) / 3,
      (error) => this.logger.warn({ err: error }, 'cannot renew the hold on copies right now; trying again'),
    );
    pulse.start();
    try {
      await work();
    } finally {
      await pulse.stop();
    }
  }

  private async checkOne(copy: ClaimedCopy, lease: string, pace: Pace): Promise<void> {
    const place = copy.point?.uid ?? 'library';
    if (this.abort.signal.aborted) return this.copies.postpone(this.database, copy, lease, 0);
    if (this.isSilent(place)) return this.copies.postpone(this.database, copy, lease, AGAIN_SECONDS);
    const outcome = await this.check(copy, pace);
    const about = { digest: copy.digest, place: copy.point?.name ?? 'library', ...outcome };
    switch (outcome.state) {
      case 'repaired':
        this.logger.warn(about, 'a stored object was wrong and is repaired');
        await this.copies.addRepair(this.database, copy, outcome.found, outcome.source);
        return this.markGood(copy, lease, outcome.etag);
      case 'good':
        return this.markGood(copy, lease, outcome.etag);
      case 'bad':
        this.logger.error(about, 'a stored object is wrong and no other store can repair it');
        await this.copies.markBad(this.database, copy, `${outcome.found}; not repaired: ${outcome.reason}`);
        return this.copies.postpone(this.database, copy, lease, AGAIN_SECONDS);
      case 'unknown':
        if (!this.abort.signal.aborted) this.silentUntil.set(place, Date.now() + AGAIN_SECONDS * 1000);
        return this.copies.postpone(this.database, copy, lease, AGAIN_SECONDS);
    }
  }

  private async check(copy: ClaimedCopy, pace: Pace): Promise<CopyOutcome> {
    try {
      const key = copy.kind === 'manifest' ? manifestKey(copy.digest) : blobKey(copy.digest);
      return await checkCopy({
        store: copy.point ? this.stores.point(copy.point.spec) : this.stores.library,
        key,
        expected: { digest: copy.digest, size: copy.size },
        rewrite: copy.rewrite,
        sources: () => this.sourcesOf(copy, key),
        pace,
        onBad: (found) => this.copies.markBad(this.database, copy, found),
        signal: this.abort.signal,
      });
    } catch (error) {
      if (this.abort.signal.aborted) return { state: 'unknown', reason: 'the service is stopping' };
      if (error instanceof StoreError) return { state: 'unknown', reason: error.message };
      throw error;
    }
  }

  private markGood(copy: ClaimedCopy, lease: string, etag: string): Promise<void> {
    const hours = copy.point?.spec.audit?.everyHours ?? this.limits.everyHours;
    return this.copies.markGood(this.database, copy, lease, etag, hours);
  }

  /** A manifest is in the database; a blob in the library, and at other points. */
  private async sourcesOf(copy: ClaimedCopy, key: string): Promise<RepairSource[]> {
    if (copy.kind === 'manifest') {
      const document = await this.copies.findManifest(this.database, copy.digest);
      return document === undefined ? [] : [bytesSource('the database', Buffer.from(document))];
    }
    const holders = await this.copies.findHolders(this.database, copy.digest, copy.point?.uid);
    const { signal } = this.abort;
    const { library } = this.stores;
    const points = holders.flatMap(({ name, spec }) => {
      const store = this.storeOf(spec);
      if (!store) return [];
      const pace = new Pace(spec.transfers?.bytesPerSecond);
      return [{ name: `point "${name}"`, read: async () => paced(await store.read(key, signal), pace, signal) }];
    });
    if (!copy.point) return points;
    const ofLibrary: RepairSource = {
      name: 'the library',
      read: () => library.read(key, signal),
      onWrong: (found) => this.libraryBlobs.disprove(this.database, copy.digest, found),
    };
    return [ofLibrary, ...points];
  }

  private storeOf(spec: Parameters<Stores['point']>[0]): ObjectStore | undefined {
    try {
      return this.stores.point(spec);
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  private isSilent(place: string): boolean {
    return (this.silentUntil.get(place) ?? 0) > Date.now();
  }

  private silentPoints(): string[] {
    return [...this.silentUntil.keys()].filter((place) => place !== 'library' && this.isSilent(place));
  }
}
