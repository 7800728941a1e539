import type { DistributionSpec, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Logger } from 'pino';
import type { AnnouncementRepository } from './announcement.repository.js';
import type { ProgressRepository } from './progress.repository.js';
import type { WakeUp } from './wake-up.js';

/** Of one Distribution at most one fact in this time: a thousand points that finish together are a few facts. */
const APART_MILLISECONDS = 1_000;

/**
 * Publishes how far Distributions are, as their `saved` fact. Workers only mark a Distribution; the marks survive a
 * killed process, and several processes share them.
 */
export class Announcer {
  private readonly loop: Loop;

  constructor(
    private readonly database: Database,
    private readonly distributions: ResourceStore<DistributionSpec, DistributionStatus>,
    private readonly announcements: AnnouncementRepository,
    private readonly progress: ProgressRepository,
    wakeUp: WakeUp,
    logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.announceDue(),
      APART_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot announce progress right now; trying again'),
    );
    wakeUp.onWake(() => this.loop.nudge());
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  private async announceDue(): Promise<void> {
    while (await this.announceOne());
  }

  private announceOne(): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const uid = await this.announcements.claim(tx, APART_MILLISECONDS);
      if (uid === undefined) return false;
      const status = (await this.progress.findDistributionStatuses(tx, [uid])).get(uid)!;
      await this.distributions.writeStatus(tx, uid, status);
      return true;
    });
  }
}
