import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import { Loop } from '@muster/messaging/loop.js';
import { type Database, isTransient } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import type { DevicePresenceRepository } from './device-presence.repository.js';

const EVERY_MILLISECONDS = 10 * 60_000;
const AT_ONCE = 100;

/** For how many days devices of a state may be silent before they are deleted; 0: for ever. */
export type SilenceLimits = Readonly<Record<'unknown' | 'obsolete', number>>;

/** Deletes devices that nobody misses when nobody has heard of them for long: unknown computers, and obsolete records (DEV-04, DEV-06). */
export class SilentDevices implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly forgetting: Loop;

  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DevicePresenceRepository,
    private readonly database: Database,
    private readonly limits: SilenceLimits,
    private readonly logger: Logger,
  ) {
    this.forgetting = new Loop(
      () => this.round(),
      EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot forget silent devices right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.forgetting.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.forgetting.stop();
  }

  private async round(): Promise<void> {
    for (const state of ['unknown', 'obsolete'] as const) {
      const days = this.limits[state];
      if (days > 0) await this.forget(state, days);
    }
  }

  /** One that cannot be deleted is left for the next round: it must not keep the others. */
  private async forget(state: keyof SilenceLimits, days: number): Promise<void> {
    for (let after = ''; ;) {
      const page = { state, silentDays: days, after, limit: AT_ONCE };
      const names = await this.repository.names(this.database, page);
      for (const name of names) {
        try {
          await this.devices.remove(name, { actor: 'system' });
        } catch (error) {
          // Another replica, or somebody, was first.
          if (error instanceof MusterError && error.code === 'resource.not-found') continue;
          // Without the database none can be deleted.
          if (isTransient(error)) throw error;
          this.logger.error({ err: error, device: name, state }, 'a silent device cannot be deleted; the others are');
        }
      }
      const last = names.at(-1);
      if (last === undefined || names.length < AT_ONCE) return;
      after = last;
    }
  }
}
