import { randomUUID } from 'node:crypto';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
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

/**
 * Reads stored objects again, byte for byte, and repairs what is wrong: copies of points from the library or another
 * point, copies of the library from a point. Auditors of all replicas share the work; a lease ends with its holder.
 */
export class Auditor {
  private readonly loop: Loop;
  private readonly silentUntil = new Map<string, number>();
  private readonly abort = new AbortController();

  constructor(
    private readonly database: Database,
    private readonly copies: CopyRepository,
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
  }

  private async checkDue(): Promise<void> {
    while (!this.abort.signal.aborted && (await this.checkSome()));
  }

  private async checkSome(): Promise<boolean> {
    const lease = randomUUID();
    const { slots, leaseSeconds } = this.limits;
    const most = slots * CLAIM_PER_SLOT;
    const claimed = [
      ...(await this.copies.claim(this.database, lease, leaseSeconds, most, this.silentPoints())),
      ...(this.isSilent('library') ? [] : await this.copies.claimOfLibrary(this.database, lease, leaseSeconds, most)),
    ];
    if (claimed.length === 0) return false;
    const pulse = new Loop(
      () => this.copies.renew(this.database, lease, leaseSeconds),
      (leaseSeconds * 1000) / 3,
      (error) => this.logger.warn({ err: error }, 'cannot renew the hold on copies right now; trying again'),
    );
    pulse.start();
    try {
      await inParallel(claimed, slots, (copy) => this.checkOne(copy, lease));
    } finally {
      await pulse.stop();
    }
    return true;
  }

  private async checkOne(copy: ClaimedCopy, lease: string): Promise<void> {
    const place = copy.point?.uid ?? 'library';
    if (this.abort.signal.aborted) return this.copies.postpone(this.database, copy, lease, 0);
    if (this.isSilent(place)) return this.copies.postpone(this.database, copy, lease, AGAIN_SECONDS);
    const outcome = await this.check(copy);
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

  private async check(copy: ClaimedCopy): Promise<CopyOutcome> {
    try {
      const key = copy.kind === 'manifest' ? manifestKey(copy.digest) : blobKey(copy.digest);
      return await checkCopy({
        store: copy.point ? this.stores.point(copy.point.spec) : this.stores.library,
        key,
        expected: { digest: copy.digest, size: copy.size },
        rewrite: copy.rewrite,
        sources: () => this.sourcesOf(copy, key),
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
      return store ? [{ name: `point "${name}"`, read: () => store.read(key, signal) }] : [];
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
