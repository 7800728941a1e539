import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { devicesSeen, SEEN_AT_ONCE } from '@muster/contracts/events/devices-seen.js';
import { Loop } from '@muster/messaging/loop.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { PolicyConfig } from '../config.js';

/**
 * Which devices were heard of. A request costs an entry in a set; a fact for all of them is written every now and then, so what is known
 * is at most that much old, and what a crash loses comes with the next request.
 */
@Injectable()
export class Sightings implements OnApplicationBootstrap, OnModuleDestroy {
  private seen = new Set<string>();
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
    this.seen.add(deviceUid);
  }

  private async tell(): Promise<void> {
    if (this.seen.size === 0) return;
    const { seen } = this;
    this.seen = new Set();
    const at = new Date().toISOString();
    const devices = [...seen];
    const facts = Array.from({ length: Math.ceil(devices.length / SEEN_AT_ONCE) }, (_, part) => ({
      at,
      devices: devices.slice(part * SEEN_AT_ONCE, (part + 1) * SEEN_AT_ONCE),
    }));
    try {
      await this.database.transaction((tx) => this.outbox.addMany(tx, devicesSeen, facts));
    } catch (error) {
      for (const uid of seen) this.seen.add(uid);
      throw error;
    }
  }
}
