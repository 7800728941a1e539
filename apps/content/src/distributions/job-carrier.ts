import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import { Loop } from '@muster/messaging/loop.js';
import { isTransient, type Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { LibraryBlobRepository } from '../packages/library-blob.repository.js';
import type { RemovalRepository } from '../removal/removal.repository.js';
import { SiteAwayError } from '../sites/blob-addresses.js';
import type { SiteBytes } from '../sites/site-bytes.js';
import { blobKey } from '../stores/object-names.js';
import { StoreError } from '../stores/object-store.js';
import type { Stores } from '../stores/stores.js';
import type { ClaimedJob, DistributionJobRepository, JobProgress, ProvenCopy } from './distribution-job.repository.js';
import type { PullSource } from './pull-source.js';
import { NothingToPullError, type Pulls } from './pulls.js';
import type { WakeUp } from './wake-up.js';
import { afterFailure, afterStoreFailure, afterWaiting, type JobOutcome } from './job-outcome.js';
import { Pace } from './pace.js';
import {
  type BlobSource,
  BroughtByOtherError,
  SourceBlobError,
  transferVersion,
  TransferStoppedError,
} from './transfer-version.js';

/** How often a point looks whether one of those that it pulls from has a version; when one gets it, that is said at once. */
const PULL_SECONDS = 20 * 60;
const PULSE_MILLISECONDS = 1_000;
/** Mere progress is news to others only this often. */
const TELL_EVERY_MILLISECONDS = 3_000;

/** Carries one claimed job to its end: the bytes, the lease, how far it is, and how it came out. */
export class JobCarrier {
  private readonly library: BlobSource;

  constructor(
    private readonly database: Database,
    private readonly jobs: DistributionJobRepository,
    private readonly libraryBlobs: LibraryBlobRepository,
    private readonly removals: RemovalRepository,
    private readonly stores: Stores,
    private readonly sites: SiteBytes,
    private readonly pulls: Pulls,
    private readonly wakeUp: WakeUp,
    private readonly logger: Logger,
    private readonly limits: { leaseSeconds: number; auditHours: number },
  ) {
    this.library = { read: (digest, signal) => stores.library.read(blobKey(digest), signal) };
  }

  /**
   * Records the outcome, unless the job is somebody else's by then.
   *
   * @param abort aborted by the caller to drop everything, and here when the job was lost
   * @param isStopping true: begin no other blob, and give the job back
   */
  async carry(job: ClaimedJob, abort: AbortController, isStopping: () => boolean): Promise<JobOutcome> {
    const progress: JobProgress = { filesDone: 0, bytesDone: 0, bytesMoved: 0 };
    const outcome = await this.attempt(job, abort, progress, isStopping);
    const kept = await this.jobs.finish(this.database, job, outcome, progress.bytesMoved);
    const about = { package: job.packageName, version: job.version, point: job.point.name, attempt: job.attempts };
    if (!kept) {
      this.logger.info(about, 'a transfer was taken over or withdrawn meanwhile');
      // What it brought may be needed by nobody.
      await this.removals.addCandidate(this.database, job.point.uid, job.manifest);
    } else if (outcome.state === 'available') {
      this.logger.info(about, 'distributed');
      await this.pulls.tell(job);
    } else if (outcome.state === 'waiting') {
      this.logger.info({ ...about, ...outcome }, 'a transfer waits');
      if ('toPull' in outcome) await this.pulls.lookAgain(job);
    } else if (outcome.state !== 'pending') this.logger.warn({ ...about, ...outcome }, 'a transfer failed');
    return outcome;
  }

  private async attempt(
    job: ClaimedJob,
    abort: AbortController,
    progress: JobProgress,
    isStopping: () => boolean,
  ): Promise<JobOutcome> {
    const proven: ProvenCopy[] = [];
    const pace = new Pace(await this.jobs.findShareOfRate(this.database, job.point));
    const pulse = this.pulse(job, abort, progress, proven, pace);
    let pulled: PullSource | undefined;
    pulse.start();
    try {
      const manifest = JSON.parse(job.document) as Manifest;
      const blobs = blobsOf(manifest);
      pulled = await this.pulls.sourceFor(job);
      const fromSite = pulled ? undefined : await this.sites.needed(job, blobs);
      await transferVersion({
        manifest: job.manifest,
        document: job.document,
        blobs,
        fileCounts: manifest.files.map(({ pack }) => pack?.files ?? 1),
        source: pulled ?? this.library,
        bringToLibrary: fromSite && ((blob, signal) => fromSite.bring(blob, signal)),
        point: this.stores.point(job.point.spec),
        lookAtPoint: async (digests) => {
          const coming = await this.jobs.findBroughtByOthers(this.database, job, digests);
          return { coming, known: await this.jobs.findPointBlobs(this.database, job.point.uid, digests) };
        },
        isRepeated: job.attempts > 1,
        pace,
        progress,
        onProven: (blob) => proven.push(blob),
        isStopping,
        signal: abort.signal,
      });
      await this.sites.brought(job, fromSite);
      return { state: 'available' };
    } catch (error) {
      return await this.failure(job, error, pulled, abort.signal);
    } finally {
      await pulse.stop();
      await this.record(job, proven);
    }
  }

  private async failure(
    job: ClaimedJob,
    error: unknown,
    pulled: PullSource | undefined,
    signal: AbortSignal,
  ): Promise<JobOutcome> {
    if (signal.aborted || error instanceof TransferStoppedError) return { state: 'pending' };
    if (error instanceof BroughtByOtherError)
      return { state: 'waiting', reason: error.message, delaySeconds: 0, behind: error.transfer };
    if (error instanceof SiteAwayError) return afterWaiting(error.message, Math.random());
    if (error instanceof NothingToPullError)
      return { state: 'waiting', reason: error.message, delaySeconds: PULL_SECONDS, toPull: true };
    if (error instanceof SourceBlobError) {
      const reason = await this.disprove(error, pulled);
      // A point that is pulled from is repaired: soon, or when it can be reached again.
      if (pulled) return afterStoreFailure(job.attempts, reason, Math.random(), false);
      return afterFailure(job.attempts, reason, Math.random());
    }
    if (error instanceof StoreError) {
      if (error.code === 'content.store-bucket-missing') await this.makeFirstBucket(job, error);
      const isSilent = error.kind === 'unreachable' && error.message.includes(this.stores.point(job.point.spec).place);
      return afterStoreFailure(job.attempts, error.message, Math.random(), isSilent);
    }
    if (!isTransient(error)) this.logger.error({ err: error, job: job.id }, 'a transfer broke');
    const reason = 'an unexpected error happened here; the log of the content service has it';
    return afterFailure(job.attempts, reason, Math.random());
  }

  /** Nobody is sent for a wrong copy any more, and it is looked at. Returns what people are told. */
  private async disprove(error: SourceBlobError, pulled: PullSource | undefined): Promise<string> {
    if (pulled) {
      const giver = pulled.giverOf(error.digest);
      if (!giver) return `no point that is pulled from has a good ${error.message}`;
      await this.jobs.doubt(this.database, giver.uid, error.digest, error.message);
      return `point "${giver.name}": its ${error.message}. It is repaired from the library, or from another point`;
    }
    // A point may have the bytes; else the next upload brings them again.
    await this.libraryBlobs.disprove(this.database, error.digest, `the library's ${error.message}`);
    return `the library's ${error.message}. Upload the same files again to repair it`;
  }

  /** A new point may do without a bucket, where its keys may make one. A bucket that vanished is a failure for people to hear of. */
  private async makeFirstBucket({ point }: ClaimedJob, error: StoreError): Promise<void> {
    const store = this.stores.point(point.spec);
    if (!error.message.includes(store.place) || (await this.jobs.hasCopies(this.database, point.uid))) return;
    try {
      await store.ensureBucket();
      this.logger.info({ point: point.name, place: store.place }, 'made the bucket of a new point');
    } catch (refusal) {
      if (!(refusal instanceof StoreError)) throw refusal;
      this.logger.info({ point: point.name, reason: refusal.message }, 'the bucket of a new point cannot be made here');
    }
  }

  private record({ point }: ClaimedJob, proven: readonly ProvenCopy[]): Promise<void> {
    const auditHours = point.spec.audit?.everyHours ?? this.limits.auditHours;
    return this.jobs.addPointBlobs(this.database, point.uid, proven, auditHours);
  }

  /** Renews the lease, and records how far the job is, at most once a second. Stops the job when it was lost. */
  private pulse(
    job: ClaimedJob,
    abort: AbortController,
    progress: JobProgress,
    proven: ProvenCopy[],
    pace: Pace,
  ): Loop {
    let last = { ...progress };
    let renewedAt = Date.now();
    let toldAt = Date.now();
    return new Loop(
      async () => {
        const now = Date.now();
        pace.setRate(await this.jobs.findShareOfRate(this.database, job.point));
        const moved = progress.bytesDone !== last.bytesDone || progress.filesDone !== last.filesDone;
        if (!moved && now - renewedAt < (this.limits.leaseSeconds * 1000) / 3) return;
        await this.record(job, proven.splice(0));
        const tell = moved && now - toldAt >= TELL_EVERY_MILLISECONDS;
        last = { ...progress };
        const held = await this.jobs.renew(this.database, job, this.limits.leaseSeconds, last, { tell });
        renewedAt = now;
        if (tell) {
          toldAt = now;
          // One that is slow, or as large as a day's traffic, holds up others no longer than what they share with it.
          if (await this.jobs.releaseBehind(this.database, job)) this.wakeUp.wake();
        }
        if (!held) abort.abort(new TransferStoppedError());
      },
      Math.min(PULSE_MILLISECONDS, (this.limits.leaseSeconds * 1000) / 4),
      (error) => this.logger.warn({ err: error, job: job.id }, 'cannot record progress right now; trying again'),
    );
  }
}
