import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { EventLog } from '../events/event-log.js';
import type { Membership } from '../membership/membership.js';
import type { Adoption } from './adoption.js';
import type { DeviceRepository } from './device.repository.js';

/** What becomes of unknown computers: known devices as soon as a run on one has succeeded (collections-variables, DEV-06). */
export class UnknownComputers {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DeviceRepository,
    private readonly membership: Membership,
    private readonly adoption: Adoption,
    private readonly log: EventLog,
  ) {}

  /** Runs on devices have succeeded. An unknown computer is from now on what its token says: a device, or one that waits for its approval. */
  async runsSucceeded(tx: Transaction, deviceUids: readonly string[]): Promise<void> {
    if (deviceUids.length === 0) return;
    const unknown = await this.repository.unknownAmong(tx, deviceUids);
    if (unknown.length === 0) return;
    await this.membership.lock(tx);
    for (const uid of unknown) await this.becomeKnown(tx, uid);
  }

  private async becomeKnown(tx: Transaction, deviceUid: string): Promise<void> {
    const device = await this.devices.rows.findByUid(tx, deviceUid);
    const access = device?.status.access;
    if (!device || access?.state !== 'unknown') return;
    const state = access.becomes ?? 'approved';
    const status: DeviceStatus = {
      ...device.status,
      access: { state, since: new Date().toISOString(), by: 'system' },
    };
    let { name } = device.metadata;
    if (state === 'approved') name = await this.adoption.settle(tx, device, status, 'system');
    else {
      await this.adoption.keep(tx, device, status, 'system');
      await this.membership.becameKnown(tx, { uid: deviceUid, name });
    }
    const then = state === 'approved' ? 'is a known device now' : 'waits for its approval now';
    await this.log.add(tx, 'device.known', `devices/${name}`, {
      message: `device ${name} was an unknown computer, has run something with success, and ${then}`,
      device: name,
    });
  }
}
