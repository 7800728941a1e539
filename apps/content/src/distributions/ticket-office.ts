import { Loop } from '@muster/messaging/loop.js';
import type { WorkQueue } from '@muster/messaging/work-queue.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { DistributionJobRepository } from './distribution-job.repository.js';
import type { DistributionWorker } from './distribution-worker.js';
import { openPoints } from './open-points.js';
import type { WakeUp } from './wake-up.js';

/**
 * For what nobody announces: windows that open, workers that died, tickets that were lost. Everything else is announced after the commit that
 * made it.
 */
const LOOK_EVERY_MILLISECONDS = 10_000;

/**
 * Sees to it that there are as many tickets as transfers could be under way. They follow from the jobs in Postgres and are made again whenever they
 * are missing, so nothing depends on the queue having kept them. While the bus is away each replica's worker looks for itself.
 */
export class TicketOffice {
  private readonly loop: Loop;

  constructor(
    private readonly queue: WorkQueue,
    private readonly database: Database,
    private readonly jobs: DistributionJobRepository,
    private readonly worker: DistributionWorker,
    wakeUp: WakeUp,
    logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.look(),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot hand out transfers right now; trying again'),
    );
    wakeUp.onWake(() => this.loop.nudge());
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  private async look(): Promise<void> {
    const open = await openPoints(this.database, this.jobs);
    const { busy, startable } = await this.jobs.countWork(this.database, open);
    if (startable === 0) return;
    try {
      await this.queue.offer(busy + startable);
    } catch (error) {
      this.worker.workWithoutTickets();
      throw error;
    }
  }
}
