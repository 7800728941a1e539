import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Logger } from 'pino';
import type { WakeUp } from '../distributions/wake-up.js';
import { inParallel } from '../stores/in-parallel.js';
import { blobKey, manifestKey } from '../stores/object-names.js';
import { StoreError } from '../stores/object-store.js';
import type { Stores } from '../stores/stores.js';
import type { OldVersions } from './old-versions.js';
import type { RemovalRepository, RemovedCopy } from './removal.repository.js';

const LOOK_EVERY_MILLISECONDS = 5_000;
const COPIES_AT_ONCE = 200;
const REMOVALS_AT_ONCE = 8;
/** A point that does not answer is left alone for this long. */
const AGAIN_MILLISECONDS = 30_000;
/** How often older versions are looked for: they may stay for days. */
const OLD_EVERY_MILLISECONDS = 600_000;

/**
 * Removes from points what nothing there needs any more, after a grace period: URLs that agents hold are good until
 * then. Never from the library, which has a remover of its own. Replicas share the work.
 */
export class Remover {
  private readonly loop: Loop;
  private readonly silentUntil = new Map<string, number>();
  private readonly abort = new AbortController();
  private lookedForOldAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly removals: RemovalRepository,
    private readonly oldVersions: OldVersions,
    private readonly stores: Stores,
    private readonly logger: Logger,
    private readonly limits: { readonly graceMinutes: number; readonly keepOldHours: number },
    wakeUp: WakeUp,
  ) {
    this.loop = new Loop(
      () => this.removeDue(),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot remove stored objects right now; trying again'),
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
    await this.withdrawOld();
    while (!this.abort.signal.aborted && (await this.removals.markUnneeded(this.database)));
    while (!this.abort.signal.aborted && (await this.removeSome()));
  }

  private async withdrawOld(): Promise<void> {
    const { keepOldHours } = this.limits;
    const now = performance.now();
    if (keepOldHours > 0 && now - this.lookedForOldAt < OLD_EVERY_MILLISECONDS) return;
    this.lookedForOldAt = now;
    try {
      const withdrawn = await this.oldVersions.withdraw(keepOldHours);
      if (withdrawn > 0)
        this.logger.info({ versions: withdrawn }, 'points let go of versions that have newer ones beside them');
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      this.logger.warn({ reason: error.message }, 'cannot ask whether old versions are needed; points keep them');
    }
  }

  private async removeSome(): Promise<boolean> {
    const now = Date.now();
    const skip = [...this.silentUntil].filter(([, until]) => until > now).map(([uid]) => uid);
    const copies = await this.removals.claim(this.database, this.limits.graceMinutes, COPIES_AT_ONCE, skip);
    const gone: RemovedCopy[] = [];
    const left: RemovedCopy[] = [];
    await inParallel(copies, REMOVALS_AT_ONCE, async (copy) => {
      const isGone = await this.remove(copy);
      (isGone ? gone : left).push(copy);
    });
    await this.removals.finish(this.database, gone);
    await this.removals.giveBack(this.database, left);
    if (gone.length > 0) this.logger.info({ objects: gone.length }, 'removed what no point needed any more');
    return copies.length > 0;
  }

  private async remove({ digest, kind, point }: RemovedCopy): Promise<boolean> {
    if (this.abort.signal.aborted || (this.silentUntil.get(point.uid) ?? 0) > Date.now()) return false;
    try {
      const store = this.stores.point(point.spec);
      // Somebody made a point of the library's own bucket: what is there is the library's.
      if (store.place === this.stores.library.place) return true;
      await store.remove(kind === 'manifest' ? manifestKey(digest) : blobKey(digest), this.abort.signal);
      return true;
    } catch (error) {
      if (!(error instanceof StoreError) && !this.abort.signal.aborted) throw error;
      this.silentUntil.set(point.uid, Date.now() + AGAIN_MILLISECONDS);
      return false;
    }
  }
}
