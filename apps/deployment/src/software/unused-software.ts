import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Membership } from '../membership/membership.js';
import type { SoftwareRepository } from './software.repository.js';

const EVERY_MILLISECONDS = 24 * 3_600_000;
/** In one transaction: while it goes on, no device can tell its software. */
const AT_ONCE = 1000;

/** Forgets versions of software that no device has any more: fleets are updated, and each update leaves the one before behind. */
export class UnusedSoftware implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly forgetting: Loop;

  constructor(
    private readonly repository: SoftwareRepository,
    private readonly membership: Membership,
    private readonly database: Database,
    logger: Logger,
  ) {
    this.forgetting = new Loop(
      () => this.round(),
      EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot forget unused software right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.forgetting.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.forgetting.stop();
  }

  /** Goes through all entries once. */
  async round(): Promise<void> {
    for (let after: number | undefined = 0; after !== undefined;) {
      const from: number = after;
      after = await this.database.transaction(async (tx) => {
        // Who tells software looks its entries up behind this lock: none of them goes between that and its own commit.
        await this.membership.lock(tx);
        return this.repository.removeUnused(tx, from, AT_ONCE);
      });
    }
  }
}
