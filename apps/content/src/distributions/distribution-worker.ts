import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Loop } from '@muster/messaging/loop.js';
import type { Ticket, Tickets, WorkQueue } from '@muster/messaging/work-queue.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { DistributionJobRepository } from './distribution-job.repository.js';
import type { JobCarrier } from './job-carrier.js';
import { openPoints } from './open-points.js';
import { TransferStoppedError } from './transfer-version.js';
import type { WakeUp } from './wake-up.js';

/** A ticket for which there was nothing is no reason to look again at once. */
const LOOK_AGAIN_MILLISECONDS = 500;
/** While the database cannot be asked. */
const HAND_ON_MILLISECONDS = 1_000;
/** How long a stopping process lets the blobs under way arrive. */
const STOP_MILLISECONDS = 3_000;

/**
 * Carries versions to points. A ticket of the work queue says that there is a job to be taken; which one is decided in Postgres, where it is
 * held by a lease that its worker renews. So a killed worker loses nothing, a stopping one gives its jobs back, and a ticket too many
 * finds nothing.
 */
export class DistributionWorker {
  private readonly loop: Loop;
  /** Each is busy with one ticket, or with the last of it. */
  private readonly hands = new Set<Promise<void>>();
  private readonly running = new Set<AbortController>();
  private tickets: Tickets | undefined;
  private stopping = false;

  constructor(
    private readonly queue: WorkQueue,
    private readonly database: Database,
    private readonly jobs: DistributionJobRepository,
    private readonly carrier: JobCarrier,
    private readonly wakeUp: WakeUp,
    private readonly logger: Logger,
    private readonly limits: { slots: number; leaseSeconds: number },
  ) {
    this.loop = new Loop(
      () => this.takeTickets(),
      0,
      (error) => logger.warn({ err: error }, 'cannot hear of transfers right now; trying again'),
    );
  }

  start(): void {
    if (this.limits.slots > 0) this.loop.start();
  }

  /** Begins nothing more, ends at the next blob or after a few seconds, and gives the jobs back. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.tickets?.stop();
    const timer = setTimeout(() => {
      for (const abort of this.running) abort.abort(new TransferStoppedError());
    }, STOP_MILLISECONDS);
    await this.loop.stop();
    await Promise.all(this.hands);
    clearTimeout(timer);
  }

  /** Waits for as many tickets as there are hands free. */
  private async takeTickets(): Promise<void> {
    const free = this.limits.slots - this.hands.size;
    if (free <= 0) {
      await Promise.race(this.hands);
      return;
    }
    this.tickets = await this.queue.take(free);
    if (this.stopping) this.tickets.stop();
    for await (const ticket of this.tickets) this.lendHand(this.redeem(ticket));
  }

  /** Begins what there is to begin without tickets, one transfer after the other in every free hand: for when the bus is away. */
  workWithoutTickets(): void {
    for (let free = this.limits.slots - this.hands.size; free > 0; free -= 1) {
      this.lendHand(
        (async () => {
          while (await this.takeJob()) this.wakeUp.wake();
        })(),
      );
    }
  }

  private lendHand(work: Promise<void>): void {
    const hand = work
      .catch((error: unknown) => this.logger.warn({ err: error }, 'cannot look for transfers right now; trying again'))
      .finally(() => this.hands.delete(hand));
    this.hands.add(hand);
  }

  /** A ticket is good for one transfer, whichever comes first now. */
  private async redeem(ticket: Ticket): Promise<void> {
    const saying = setInterval(() => ticket.working(), (this.limits.leaseSeconds * 1000) / 4);
    // Nothing now may be something in a moment, and what came while the ticket still counted has none of its own.
    let lookAgainIn = LOOK_AGAIN_MILLISECONDS;
    try {
      if (await this.takeJob()) lookAgainIn = 0;
      if (this.stopping) ticket.handOn();
      else await ticket.done();
    } catch (error) {
      ticket.handOn(HAND_ON_MILLISECONDS);
      throw error;
    } finally {
      clearInterval(saying);
      this.wakeUp.wakeIn(lookAgainIn);
    }
  }

  /** Carries the job that should travel first to its end. False: there is none, or the process is stopping. */
  private async takeJob(): Promise<boolean> {
    if (this.stopping) return false;
    const admissions = await openPoints(this.database, this.jobs);
    if (admissions.length === 0) return false;
    const lease = randomUUID();
    const job = await this.jobs.claim(this.database, lease, this.limits.leaseSeconds, admissions);
    if (!job) return false;
    const abort = new AbortController();
    // One for each request under way, and there are more than ten.
    setMaxListeners(0, abort.signal);
    this.running.add(abort);
    try {
      const outcome = await this.carrier.carry(job, abort, () => this.stopping);
      // A little later than the database says: clocks of timers are coarse.
      if ('delaySeconds' in outcome) this.wakeUp.wakeIn(outcome.delaySeconds * 1000 + 20);
    } catch (error) {
      this.logger.warn({ err: error, job: job.id }, 'a transfer could not be recorded');
    } finally {
      this.running.delete(abort);
    }
    return true;
  }
}
