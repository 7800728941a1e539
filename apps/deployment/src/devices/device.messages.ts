import { readDevice } from '@muster/contracts/requests/read-device.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Database } from '@muster/persistence/database.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { DevicePresenceRepository } from './device-presence.repository.js';
import type { DeviceRepository } from './device.repository.js';
import type { Logger } from 'pino';

/** Answers other services' questions about devices. */
export class DeviceMessages {
  constructor(
    private readonly bus: Bus,
    private readonly database: Database,
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DeviceRepository,
    private readonly presence: DevicePresenceRepository,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.answer(
      readDevice,
      async ({ name }) => {
        const found = await this.devices.rows.find(this.database, name);
        if (!found) return { device: null };
        const { facts, factsAt, access } = found.status;
        const { uid } = found.metadata;
        const lastSeenAt = (await this.presence.find(this.database, [uid])).get(uid)?.lastSeenAt;
        return {
          device: {
            uid,
            name,
            ...(facts === undefined ? {} : { facts }),
            ...(factsAt === undefined ? {} : { factsAt }),
            ...(access === undefined ? {} : { access }),
            ...(lastSeenAt === undefined ? {} : { lastSeenAt }),
            lastRuns: await this.repository.lastRuns(this.database, uid),
            snoozes: await this.repository.snoozes(this.database, uid),
            fates: await this.repository.fates(this.database, uid),
          },
        };
      },
      (error) => this.logger.error({ err: error }, 'cannot answer read-device'),
    );
  }
}
