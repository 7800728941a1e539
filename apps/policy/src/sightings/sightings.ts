import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { devicesSeen } from '@muster/contracts/events/devices-seen.js';
import { Loop } from '@muster/messaging/loop.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { PolicyConfig } from '../config.js';
import { NotedSightings } from './noted-sightings.js';

/**
 * Which devices were heard of, and which are connected. A request costs an entry in a set; a fact for all of them is written every now and
 * then, so what is known is at most that much old, and what a crash loses comes with the next request. A connection that stays open costs
 * nothing: the process says that it lives.
 */
@Injectable()
export class Sightings implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly noted = new NotedSightings();
  /** Nobody knows connections of the process before this one. */
  private readonly process = randomUUID();
  private readonly loop: Loop;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(CONFIG) config: PolicyConfig,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.tell(),
      config.MUSTER_SEEN_SECONDS * 1000,
      (error) => logger.warn({ err: error }, 'cannot tell who was seen right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    await this.tell().catch(() => undefined);
  }

  /** A device showed a good access token. */
  note(deviceUid: string): void {
    this.noted.noteSeen(deviceUid);
  }

  /** Its connection to this process is open from now on. */
  connected(deviceUid: string): void {
    this.noted.noteOpened(deviceUid);
  }

  /** It is not any more. */
  disconnected(deviceUid: string): void {
    this.noted.noteClosed(deviceUid);
  }

  private async tell(): Promise<void> {
    const { facts, putBack } = this.noted.take(this.process, new Date().toISOString());
    if (facts.length === 0) return;
    try {
      await this.database.transaction((tx) => this.outbox.addMany(tx, devicesSeen, facts));
    } catch (error) {
      putBack();
      throw error;
    }
  }
}
