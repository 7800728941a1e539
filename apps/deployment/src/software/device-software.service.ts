import type { deviceSoftwareTold } from '@muster/contracts/events/device-software-told.js';
import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { DeviceSoftware } from '@muster/contracts/kinds/device-software.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { z } from 'zod';
import type { Membership } from '../membership/membership.js';
import type { SoftwareRepository } from './software.repository.js';

/** Keeps which software devices have, and collections that ask for it in line. */
export class DeviceSoftwareRecords {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: SoftwareRepository,
    private readonly membership: Membership,
    private readonly database: Database,
  ) {}

  /** Where nothing changed, nothing is written, and no collection is looked at. */
  async apply(
    tx: Transaction,
    { deviceUid, receivedAt, ...told }: z.infer<typeof deviceSoftwareTold.payload>,
  ): Promise<void> {
    await this.membership.lock(tx);
    const found = await this.devices.rows.findByUid(tx, deviceUid);
    // Deleted meanwhile: it has no record until it enrols again, and tells it then.
    if (!found) return;
    const change = await this.repository.replace(tx, deviceUid, told, receivedAt);
    if (change) await this.membership.softwareChanged(tx, found.metadata, change);
  }

  /** @throws MusterError `resource.not-found` */
  async read(name: string): Promise<DeviceSoftware> {
    const found = await this.devices.rows.find(this.database, name);
    if (!found) throw new MusterError('not-found', 'resource.not-found', `There is no ${device.kind} "${name}"`);
    const told = await this.repository.read(this.database, found.metadata.uid);
    return { device: name, ...(told ? { ...told, software: [...told.software] } : { software: [], leftOut: 0 }) };
  }
}
