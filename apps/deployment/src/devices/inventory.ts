import { sameJson } from '@muster/contracts/digest.js';
import type { deviceInventoried } from '@muster/contracts/events/device-inventoried.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { z } from 'zod';
import { hardwareOfFacts } from '@muster/contracts/kinds/hardware-identity.js';
import type { Membership } from '../membership/membership.js';
import { changedFacts } from './changed-facts.js';
import type { DeviceHardwareRepository } from './device-hardware.repository.js';

/** Keeps what devices tell of themselves, and collections in line with it. */
export class Inventories {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly membership: Membership,
    private readonly hardware: DeviceHardwareRepository,
  ) {}

  async apply(
    tx: Transaction,
    { deviceUid, receivedAt, facts }: z.infer<typeof deviceInventoried.payload>,
  ): Promise<void> {
    await this.membership.lock(tx);
    const device = await this.devices.rows.findByUid(tx, deviceUid);
    // Deleted meanwhile: it has no record until it enrols again.
    if (!device) return;
    await this.devices.writeStatus(tx, deviceUid, { ...device.status, facts, factsAt: receivedAt });
    const told = hardwareOfFacts(facts);
    if (!sameJson(told, hardwareOfFacts(device.status.facts ?? {}))) await this.hardware.tell(tx, deviceUid, told);
    await this.membership.factsChanged(tx, deviceUid, changedFacts(device.status.facts, facts));
  }
}
