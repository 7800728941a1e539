import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Loop } from '@muster/messaging/loop.js';
import type { Ticket, WorkQueue } from '@muster/messaging/work-queue.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import { admitTransfers } from './admit-transfers.js';
import type { ClaimedJob, DistributionJobRepository } from './distribution-job.repository.js';
import type { JobCarrier } from './job-carrier.js';
import { SilentPoints } from './silent-points.js';
import { TransferStoppedError } from './transfer-version.js';
import type { WakeUp } from './wake-up.js';

/** How long a stopping process lets the blobs under way arrive. */
const STOP_MILLISECONDS = 3_000;

/** How long the holder of a ticket may be silent, when it speaks four times in each lease: its job is free before its ticket is. */
export function ticketSilenceSeconds(leaseSeconds: number): number {
  return leaseSeconds * 1.25;
}

/**
 * Carries versions to points. A ticket of the work queue says that there may be a job to be taken; which one is decided in Postgres, where it is
 * held by a lease that its worker renews. So a killed worker loses nothing, a stopping one gives its jobs back, a ticket too many
 * finds nothing, and one that is lost is made up for by looking without it.
 */
export class DistributionWorker {
  /** Each takes a ticket, and then one job after the other while there is one. */
  private readonly hands: readonly Loop[];
  private readonly running = new Set<AbortController>();
  private readonly stopping = new AbortController();
  private readonly silent = new SilentPoints();

  constructor(
    private readonly queue: WorkQueue,
    private readonly database: Database,
    private readonly jobs: DistributionJobRepository,
    private readonly carrier: JobCarrier,
    private readonly wakeUp: WakeUp,
    private readonly logger: Logger,
    private readonly limits: { slots: number; leaseSeconds: number },
  ) {
    setMaxListeners(0, this.stopping.signal);
    this.hands = Array.from(
      { length: limits.slots },
      () =>
        new Loop(
          () => this.takeTurn(),
          0,
          (error) => logger.warn({ err: error }, 'cannot hear of transfers right now; trying again'),
        ),
    );
    wakeUp.onWake(() => void this.offerTicket());
  }

  start(): void {
    for (const hand of this.hands) hand.start();
  }

  /** Begins nothing more, ends at the next blob or after a few seconds, and gives the jobs back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const timer = setTimeout(() => {
      for (const abort of this.running) abort.abort(new TransferStoppedError());
    }, STOP_MILLISECONDS);
    await Promise.all(this.hands.map((hand) => hand.stop()));
    clearTimeout(timer);
  }

  /** To whichever hand is free, in this process or another. Without the bus each looks for itself, and says so. */
  private async offerTicket(): Promise<void> {
    try {
      await this.queue.offer();
    } catch (error) {
      this.logger.debug({ err: error }, 'cannot hand out transfers right now; they are found a little later');
    }
  }

  /** Waits for a ticket, and looks whether it comes or not. */
  private async takeTurn(): Promise<void> {
    let ticket: Ticket | undefined;
    try {
      ticket = await this.queue.take(this.stopping.signal);
    } catch (error) {
      await this.carryAll();
      throw error;
    }
    const saying = setInterval(() => ticket?.working(), (this.limits.leaseSeconds * 1000) / 4);
    try {
      await this.carryAll();
      if (this.stopping.signal.aborted) ticket?.handOn();
      else await ticket?.done();
    } finally {
      clearInterval(saying);
    }
  }

  /** Carries one job after the other: that which should travel first when the one before is at its end. */
  private async carryAll(): Promise<void> {
    let carried = 0;
    for (let job = await this.claim(); job; job = await this.claim()) {
      // Where there was one there may be more, for others.
      void this.offerTicket();
      await this.carry(job);
      carried += 1;
    }
    if (carried > 0) this.wakeUp.wake();
  }

  private async claim(): Promise<ClaimedJob | undefined> {
    if (this.stopping.signal.aborted) return undefined;
    const waiting = await this.jobs.findWaitingPoints(this.database);
    const now = new Date();
    const admissions = this.silent.admit(
      waiting.map(({ uid, spec }) => ({ pointUid: uid, ...admitTransfers(spec, now) })),
    );
    if (admissions.every(({ priorities }) => priorities === 0)) return undefined;
    return this.jobs.claim(this.database, randomUUID(), this.limits.leaseSeconds, admissions);
  }

  private async carry(job: ClaimedJob): Promise<void> {
    const abort = new AbortController();
    // One for each request under way, and there are more than ten.
    setMaxListeners(0, abort.signal);
    this.running.add(abort);
    try {
      const outcome = await this.carrier.carry(job, abort, () => this.stopping.signal.aborted);
      const silence = this.silent.note(job.point.uid, 'unanswered' in outcome);
      if ('delaySeconds' in outcome) this.wakeIn(outcome.delaySeconds);
      if (silence !== undefined) this.wakeIn(silence);
    } catch (error) {
      this.logger.warn({ err: error, job: job.id }, 'a transfer could not be recorded');
    } finally {
      this.running.delete(abort);
    }
  }

  /** A little later than the database says: clocks of timers are coarse. */
  private wakeIn(seconds: number): void {
    this.wakeUp.wakeIn(seconds * 1000 + 20);
  }
}
