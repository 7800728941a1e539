import type { DeviceAccess, DeviceAccessAction } from '@muster/contracts/kinds/device-access.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { transactionOrDryRun } from '@muster/persistence/dry-run.js';
import { audit } from '@muster/persistence/audit.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { EventLog } from '../events/event-log.js';
import type { Membership } from '../membership/membership.js';
import type { Adoption, Device } from './adoption.js';
import { decideAccess, notEnrolled } from './decide-access.js';

const EVENTS = { approve: 'device.approved', block: 'device.blocked', unblock: 'device.unblocked' } as const;

/** Who may have anything from the site: decided by people, told to policy as a fact, in one transaction. */
export class DeviceAccessDecisions {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly membership: Membership,
    private readonly adoption: Adoption,
    private readonly log: EventLog,
    private readonly database: Database,
  ) {}

  /**
   * Answers the device as it is now. Deciding the same again changes nothing.
   *
   * @throws MusterError `resource.not-found`, `deployment.device-not-enrolled`, `deployment.device-blocked`
   */
  async decide(
    name: string,
    action: DeviceAccessAction,
    { actor, reason, dryRun }: { actor: string; reason?: string | undefined; dryRun: boolean },
  ): Promise<Device> {
    const decided = await transactionOrDryRun(this.database, dryRun, async (tx) => {
      // As enrolments do: first this lock, then rows.
      await this.membership.lock(tx);
      return this.make(tx, name, action, { actor, reason });
    });
    return dryRun ? decided : ((await this.devices.derive([decided]))[0] ?? decided);
  }

  /**
   * Asks a device to replace its key; it does so when no run goes on. Asking again asks anew.
   *
   * @throws MusterError `resource.not-found`, `deployment.device-not-enrolled`
   */
  async askForKey(name: string, actor: string): Promise<Device> {
    const asked = await this.database.transaction(async (tx) => {
      await this.membership.lock(tx);
      const device = await this.existing(tx, name);
      if (!device.status.enrolled) throw notEnrolled(name, 'ask');
      const keyRotation = { askedAt: new Date().toISOString(), by: actor };
      await this.adoption.keep(tx, device, { ...device.status, keyRotation }, actor);
      const { uid } = device.metadata;
      await audit(tx, { actor, action: 'key-asked', kind: 'Device', name, uid, correlationId: currentTraceId() });
      return (await this.devices.rows.find(tx, name)) ?? device;
    });
    return (await this.devices.derive([asked]))[0] ?? asked;
  }

  private async existing(tx: Transaction, name: string): Promise<Device> {
    const device = await this.devices.rows.findForUpdate(tx, name);
    if (device) return device;
    throw new MusterError('not-found', 'resource.not-found', `There is no Device "${name}"`);
  }

  private async make(
    tx: Transaction,
    name: string,
    action: DeviceAccessAction,
    { actor, reason }: { actor: string; reason?: string | undefined },
  ): Promise<Device> {
    const device = await this.existing(tx, name);
    if (action === 'approve') await this.refuseReinstalled(tx, device);
    const at = new Date().toISOString();
    const access = decideAccess(name, device.status, action, { by: actor, at, reason });
    if (!access && !(action === 'approve' && device.status.cloned)) return device;
    return this.change(tx, device, action, access ?? { state: 'approved', since: at, by: actor }, { actor, reason });
  }

  /** Whose hardware is that of another device is not just approved: that it is that one, or is not, is what is to be said. */
  private async refuseReinstalled(tx: Transaction, { metadata: { name }, status }: Device): Promise<void> {
    const { hardwareOf, access } = status;
    if (hardwareOf === undefined || access?.state !== 'pending' || !(await this.devices.rows.find(tx, hardwareOf)))
      return;
    const message = `Device "${name}" has the hardware of "${hardwareOf}". Say whether it is that one: muster device merge ${name}, or that it is another: muster device separate ${name}`;
    throw new MusterError('conflict', 'deployment.device-reinstalled', message);
  }

  private async change(
    tx: Transaction,
    device: Device,
    action: DeviceAccessAction,
    access: DeviceAccess,
    { actor, reason }: { actor: string; reason?: string | undefined },
  ): Promise<Device> {
    const before = device.status.access?.state;
    const vouchedFor = (before === 'pending' || before === 'unknown') && access.state === 'approved';
    const { cloned, ...rest } = device.status;
    // Who approves a device whose key another computer has says that the other one is it: its board was exchanged.
    const moved = action === 'approve' && cloned ? { hardware: cloned.hardware } : cloned ? { cloned } : {};
    const status = { ...rest, access, ...moved };
    const now = vouchedFor
      ? await this.adoption.settle(tx, device, status, actor)
      : await this.adoption.keep(tx, device, status, actor);
    await audit(tx, {
      actor,
      action: EVENTS[action].slice('device.'.length),
      kind: 'Device',
      name: now,
      uid: device.metadata.uid,
      reason,
      correlationId: currentTraceId(),
    });
    await this.log.add(tx, EVENTS[action], `devices/${now}`, {
      message: `device ${now} was ${EVENTS[action].slice('device.'.length)}${reason === undefined ? '' : `: ${reason}`}`,
      actor,
      device: now,
    });
    return (await this.devices.rows.find(tx, now)) ?? device;
  }
}
