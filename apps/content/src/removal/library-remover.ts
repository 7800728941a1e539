import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { WakeUp } from '../distributions/wake-up.js';
import { blobKey } from '../stores/object-names.js';
import { StoreError } from '../stores/object-store.js';
import type { Stores } from '../stores/stores.js';
import type { LibraryRemovalRepository } from './library-removal.repository.js';

const LOOK_EVERY_MILLISECONDS = 5_000;
/** Few: announcements wait while objects go. */
const BLOBS_AT_ONCE = 20;
const OBJECT_MILLISECONDS = 5_000;
/** An upload that was broken off can be taken up for so long. */
const UPLOAD_DAYS = 30;

/**
 * Removes from the library what no version needs any more, after a grace period that is longer than any address for an upload is
 * good. Replicas take turns.
 */
export class LibraryRemover {
  private readonly loop: Loop;
  private readonly abort = new AbortController();

  constructor(
    private readonly database: Database,
    private readonly removals: LibraryRemovalRepository,
    private readonly stores: Stores,
    private readonly logger: Logger,
    private readonly graceMinutes: number,
    wakeUp: WakeUp,
  ) {
    this.loop = new Loop(
      () => this.removeDue(),
      LOOK_EVERY_MILLISECONDS,
      (error) => {
        const known = error instanceof StoreError ? { reason: error.message } : { err: error };
        logger.warn(known, 'cannot remove from the library right now; trying again');
      },
    );
    wakeUp.onWake(() => this.loop.nudge());
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.loop.stop();
  }

  private async removeDue(): Promise<void> {
    await this.removals.forgetUploads(this.database, UPLOAD_DAYS);
    while (!this.abort.signal.aborted && (await this.removals.markUnneeded(this.database)));
    while (!this.abort.signal.aborted && (await this.removeSome()));
  }

  private async removeSome(): Promise<boolean> {
    const digests = await this.removals.claim(this.database, this.graceMinutes, BLOBS_AT_ONCE);
    if (digests.length === 0) return false;
    const removed = await this.removals.remove(this.database, digests, (digest) => {
      const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(OBJECT_MILLISECONDS)]);
      return this.stores.library.remove(blobKey(digest), signal);
    });
    if (removed > 0) this.logger.info({ objects: removed }, 'removed from the library what no version needed any more');
    return true;
  }
}
