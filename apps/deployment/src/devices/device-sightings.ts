import type { deviceCloned } from '@muster/contracts/events/device-cloned.js';
import type { deviceKeyRotated } from '@muster/contracts/events/device-key-rotated.js';
import type { devicesSeen } from '@muster/contracts/events/devices-seen.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { z } from 'zod';
import type { EventLog } from '../events/event-log.js';
import type { DevicePresenceRepository } from './device-presence.repository.js';

/** What policy hears of devices between their reports: that they live, and that a key is used by two. */
export class DeviceSightings {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DevicePresenceRepository,
    private readonly log: EventLog,
  ) {}

  /** One statement for all of them. Records are not touched: nobody watches a fleet poll. */
  async seen(tx: Transaction, sighting: z.infer<typeof devicesSeen.payload>): Promise<void> {
    await this.repository.note(tx, sighting);
  }

  async keyRotated(
    tx: Transaction,
    { deviceUid, keyThumbprint, at }: z.infer<typeof deviceKeyRotated.payload>,
  ): Promise<void> {
    const device = await this.devices.rows.findByUid(tx, deviceUid);
    if (!device) return;
    const { name } = device.metadata;
    const { keyRotation: _done, ...status } = device.status;
    await this.devices.writeStatus(tx, deviceUid, { ...status, keyThumbprint, keyRotatedAt: at });
    const message = `device ${name} replaced its key`;
    await this.log.add(tx, 'device.key-rotated', `devices/${name}`, { message, device: name });
  }

  async cloned(tx: Transaction, { deviceUid, hardware, at }: z.infer<typeof deviceCloned.payload>): Promise<void> {
    const device = await this.devices.rows.findByUid(tx, deviceUid);
    if (!device) return;
    const { name } = device.metadata;
    await this.devices.writeStatus(tx, deviceUid, { ...device.status, cloned: { since: at, hardware } });
    const message = `a computer with ${hardware} proved the key of device ${name}, which is another computer; it was refused`;
    await this.log.add(tx, 'device.cloned', `devices/${name}`, { message, device: name });
  }
}
