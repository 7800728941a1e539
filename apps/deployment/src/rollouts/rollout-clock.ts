import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { RolloutRepository } from './rollout.repository.js';
import type { Rollouts } from './rollouts.service.js';

const IDLE_MILLISECONDS = 1_000;
const AT_ONCE = 50;

/**
 * Takes rollouts further when nothing but time does. In every replica: the lock of the rollout makes them take turns. Behind a start,
 * what devices said meanwhile is taken in before anybody counts as silent.
 */
export class RolloutClock implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readonly began = Date.now();

  constructor(
    private readonly database: Database,
    private readonly repository: RolloutRepository,
    private readonly rollouts: Rollouts,
    private readonly graceSeconds: number,
    logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.round(),
      IDLE_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot take rollouts further right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  private async round(): Promise<void> {
    const now = new Date();
    const expiring = now.getTime() - this.began > this.graceSeconds * 1000;
    const due = await this.repository.due(this.database, now, expiring, AT_ONCE);
    for (const uid of due) {
      await this.database.transaction((tx) => this.rollouts.timePassed(tx, uid, expiring, now));
    }
    if (due.length === AT_ONCE) this.loop.nudge();
  }
}
