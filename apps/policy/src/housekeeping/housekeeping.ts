import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Loop } from '@muster/messaging/loop.js';
import { Database } from '@muster/persistence/database.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { HousekeepingRepository } from './housekeeping.repository.js';

const EVERY_MILLISECONDS = 10 * 60_000;

/** Deletes what nobody needs any more, a little at a time. */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;

  constructor(
    @Inject(Database) database: Database,
    @Inject(HousekeepingRepository) repository: HousekeepingRepository,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.loop = new Loop(
      async () => {
        if (await repository.deleteSome(database)) this.loop.nudge();
      },
      EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'housekeeping failed; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }
}
