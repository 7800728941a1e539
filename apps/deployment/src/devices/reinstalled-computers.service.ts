import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import { hardwareOfFacts, strongHardware } from '@muster/contracts/kinds/hardware-identity.js';
import { audit } from '@muster/persistence/audit.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { transactionOrDryRun } from '@muster/persistence/dry-run.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { EventLog } from '../events/event-log.js';
import type { Membership } from '../membership/membership.js';
import type { Adoption, Device } from './adoption.js';
import { notEnrolled } from './decide-access.js';
import type { DeviceHardwareRepository } from './device-hardware.repository.js';

interface Wish {
  readonly actor: string;
  readonly reason?: string | undefined;
  readonly dryRun: boolean;
}

/** A computer enrolled with the hardware of a device that there is: people say whether it is that one, or another. */
export class ReinstalledComputers {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly hardware: DeviceHardwareRepository,
    private readonly membership: Membership,
    private readonly adoption: Adoption,
    private readonly log: EventLog,
    private readonly database: Database,
  ) {}

  /**
   * It is that device: the record of that one goes on with the key of this one, and what people wrote on this one's goes.
   *
   * @param into the record that stays; default: the only device with this hardware
   * @throws MusterError `resource.not-found`, `deployment.device-not-enrolled`, `deployment.device-blocked`, `deployment.other-hardware`
   */
  async merge(name: string, into: string | undefined, wish: Wish): Promise<Device> {
    return this.change(name, 'merged', wish, async (tx, device, access) => {
      const record = await this.recordFor(tx, device, into);
      const { requestedName: _called, hardwareOf: _of, ...status } = device.status;
      await this.adoption.merge(tx, device, record, { ...status, access }, wish.actor);
      return record.metadata.name;
    });
  }

  /**
   * It is another one: it has a record of its own from now on, and the one that its hardware had is obsolete.
   *
   * @throws MusterError `resource.not-found`, `deployment.device-not-enrolled`, `deployment.device-blocked`
   */
  async separate(name: string, wish: Wish): Promise<Device> {
    return this.change(name, 'separated', wish, async (tx, device, access) => {
      const { uid } = device.metadata;
      const { requestedName: _called, hardwareOf: _of, ...status } = device.status;
      await this.adoption.supersede(tx, uid, name, status, wish.actor);
      return this.adoption.keep(tx, device, { ...status, access }, wish.actor);
    });
  }

  private async change(
    name: string,
    action: 'merged' | 'separated',
    { actor, reason, dryRun }: Wish,
    make: (tx: Transaction, device: Device, access: NonNullable<DeviceStatus['access']>) => Promise<string>,
  ): Promise<Device> {
    const made = await transactionOrDryRun(this.database, dryRun, async (tx) => {
      // As enrolments do: first this lock, then rows.
      await this.membership.lock(tx);
      const device = await this.devices.rows.findForUpdate(tx, name);
      if (!device) throw missing(name);
      refuseBlocked(device);
      const since = new Date().toISOString();
      const access = { state: 'approved' as const, since, by: actor, ...(reason === undefined ? {} : { reason }) };
      const now = await make(tx, device, access);
      const details = now === name ? {} : { details: { into: now } };
      const correlationId = currentTraceId();
      await audit(tx, {
        actor,
        action,
        kind: 'Device',
        name,
        uid: device.metadata.uid,
        reason,
        correlationId,
        ...details,
      });
      const what = action === 'merged' ? `goes on as device ${now}` : 'is a device of its own';
      const message = `the computer that enrolled as ${name} ${what}${reason === undefined ? '' : `: ${reason}`}`;
      await this.log.add(tx, 'device.approved', `devices/${now}`, { message, actor, device: now });
      const found = await this.devices.rows.find(tx, now);
      if (!found) throw new Error(`device ${now} is gone behind its own change`);
      return found;
    });
    return dryRun ? made : ((await this.devices.derive([made]))[0] ?? made);
  }

  private async recordFor(tx: Transaction, device: Device, into: string | undefined): Promise<Device> {
    const { uid, name } = device.metadata;
    const told = hardwareOfFacts(device.status.facts ?? {});
    const uids = new Set(await this.hardware.findSame(tx, uid, strongHardware(told)));
    if (into !== undefined) {
      const record = await this.devices.rows.findForUpdate(tx, into);
      if (!record) throw missing(into);
      if (!uids.has(record.metadata.uid)) throw otherHardware(`Device "${into}" has not the hardware of "${name}"`);
      return refuseBlocked(record);
    }
    const [only, ...others] = [...uids];
    const found = only === undefined ? undefined : await this.devices.rows.findByUid(tx, only);
    if (!found) throw otherHardware(`No other device has the hardware of "${name}"`);
    if (others.length > 0)
      throw otherHardware(`${uids.size} devices have the hardware of "${name}": say which one it is (into)`);
    return refuseBlocked(found);
  }
}

/** @throws MusterError `deployment.device-not-enrolled`, `deployment.device-blocked` */
function refuseBlocked(device: Device): Device {
  const { name } = device.metadata;
  if (!device.status.enrolled) throw notEnrolled(name, 'merge');
  if (device.status.access?.state !== 'blocked') return device;
  throw new MusterError('conflict', 'deployment.device-blocked', `Device "${name}" is blocked. Unblock it first`);
}

function otherHardware(message: string): MusterError {
  return new MusterError('conflict', 'deployment.other-hardware', message);
}

function missing(name: string): MusterError {
  return new MusterError('not-found', 'resource.not-found', `There is no Device "${name}"`);
}
