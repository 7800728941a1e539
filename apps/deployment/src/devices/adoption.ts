import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import { hardwareOfFacts, strongHardware } from '@muster/contracts/kinds/hardware-identity.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { SoftwareRepository } from '../software/software.repository.js';
import type { FateRepository } from '../fates/fate.repository.js';
import type { Membership } from '../membership/membership.js';
import { SOFTWARE_TOLD } from '../membership/software-reads.js';
import { SOFTWARE_FACT } from '../membership/software-sql.js';
import type { Variables } from '../variables/variables.service.js';
import { changedFacts } from './changed-facts.js';
import { chooseWaiting } from './choose-waiting.js';
import type { DeviceHardwareRepository } from './device-hardware.repository.js';
import type { DeviceRepository } from './device.repository.js';

export type Device = Resource<DeviceSpec, DeviceStatus>;

const events = resourceEvents(device);

/**
 * Gives a record that waited to the computer that came for it. The record gets the uid of the enrolment: policy, sessions and reports
 * know the device by no other. It keeps its name, labels, variables, description and collections. In the caller's
 * transaction, behind the lock of membership.
 */
export class Adoption {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DeviceRepository,
    private readonly hardware: DeviceHardwareRepository,
    private readonly membership: Membership,
    private readonly variables: Variables,
    private readonly outbox: Outbox,
    private readonly fates: FateRepository,
    private readonly software: SoftwareRepository,
  ) {}

  /** The record that waits for a computer with these facts that calls itself so, locked. */
  async waitingFor(tx: Transaction, facts: Facts, calledSo: string): Promise<Device | undefined> {
    const namesake = await this.devices.rows.findForUpdate(tx, calledSo);
    const open = namesake && !namesake.status.enrolled ? namesake : undefined;
    const named = await this.hardware.findNamed(tx, hardwareOfFacts(facts));
    const name = chooseWaiting(facts, named, open && { name: open.metadata.name, identity: open.spec.identity });
    if (name === undefined) return undefined;
    return name === open?.metadata.name ? open : this.devices.rows.findForUpdate(tx, name);
  }

  /** @param actor who let it happen */
  async adopt(
    tx: Transaction,
    waiting: Device,
    enrolled: { uid: string; status: DeviceStatus },
    actor: string,
  ): Promise<void> {
    await this.fates.moved(tx, enrolled.uid, waiting.metadata.uid);
    await this.replace(tx, waiting, enrolled, actor);
  }

  private async replace(
    tx: Transaction,
    waiting: Device,
    enrolled: { uid: string; status: DeviceStatus },
    actor: string,
  ): Promise<void> {
    await this.repository.adopt(tx, waiting.metadata.uid, enrolled);
    await this.hardware.tell(tx, enrolled.uid, hardwareOfFacts(enrolled.status.facts ?? {}));
    // What the computer that had the record before had installed; the one that has it now has its own, or tells it.
    await this.software.forget(tx, waiting.metadata.uid);
    // For whoever knows devices by uid, the waiting record ends here.
    await this.outbox.add(tx, events.deleted, { resource: waiting, actor });
    await this.tellSaved(tx, enrolled.uid, actor);
    await this.supersede(tx, enrolled.uid, waiting.metadata.name, enrolled.status, actor);
    const owner = { kind: 'Device', uid: enrolled.uid, name: waiting.metadata.name } as const;
    await this.variables.moved(tx, waiting.metadata.uid, owner, waiting.spec);
    await this.membership.deviceReplaced(tx, waiting.metadata.uid, enrolled.uid);
    const device = { uid: enrolled.uid, name: waiting.metadata.name };
    const changed = changedFacts(waiting.status.facts, enrolled.status.facts);
    await this.membership.factsChanged(tx, device, [...changed, SOFTWARE_FACT, SOFTWARE_TOLD]);
  }

  /**
   * A device that was pending or unknown is approved: the record that waited for it takes the place of the one that it had
   * meanwhile. Answers its name from now on.
   */
  async settle(tx: Transaction, approved: Device, told: DeviceStatus, actor: string): Promise<string> {
    const { uid, name } = approved.metadata;
    const { requestedName = name, hardwareOf: _of, ...status } = told;
    const waiting = await this.waitingFor(tx, status.facts ?? {}, requestedName);
    if (!waiting) {
      await this.supersede(tx, uid, name, status, actor);
      await this.keep(tx, approved, status, actor);
      if (approved.status.access?.state === 'unknown') await this.membership.becameKnown(tx, { uid, name });
      return name;
    }
    await this.merge(tx, approved, waiting, status, actor);
    return waiting.metadata.name;
  }

  /** A computer that has a record takes over another one; its own goes, with all that people wrote on it. */
  async merge(tx: Transaction, enrolled: Device, record: Device, status: DeviceStatus, actor: string): Promise<void> {
    const { uid } = enrolled.metadata;
    // Before its row goes, and what it told with that: its agent does not tell again what has not changed.
    await this.fates.moved(tx, uid, record.metadata.uid);
    await this.membership.deviceGone(tx, uid);
    await this.variables.gone(tx, uid);
    await this.devices.rows.remove(tx, uid);
    await this.replace(tx, record, { uid, status }, actor);
  }

  /** The device whose hardware it is by which a computer enrolled under a new key; undefined: it is nobody's. */
  async ownerOf(tx: Transaction, uid: string, facts: Facts): Promise<Device | undefined> {
    const hardware = strongHardware(hardwareOfFacts(facts));
    for (const other of await this.hardware.findSame(tx, uid, hardware)) {
      const device = await this.devices.rows.findByUid(tx, other);
      if (device && device.status.access?.state !== 'unknown' && device.status.obsolete === undefined) return device;
    }
    return undefined;
  }

  /**
   * Devices whose hardware enrolled anew, as an approved device: they are obsolete. Nothing is taken from them: an id of hardware is a
   * claim, and some computers share one.
   */
  async supersede(tx: Transaction, uid: string, name: string, status: DeviceStatus, actor: string): Promise<void> {
    const hardware = strongHardware(hardwareOfFacts(status.facts ?? {}));
    for (const other of await this.hardware.findTold(tx, uid, hardware)) {
      const before = await this.devices.rows.findByUid(tx, other);
      if (!before) continue;
      const since = new Date().toISOString();
      await this.keep(tx, before, { ...before.status, obsolete: { since, by: name } }, actor);
    }
  }

  /** True when the site knows a computer with this hardware: as a device, whatever became of it, that is no unknown computer. */
  async knows(tx: Transaction, uid: string, facts: Facts): Promise<boolean> {
    for (const other of await this.hardware.findTold(tx, uid, strongHardware(hardwareOfFacts(facts)))) {
      const device = await this.devices.rows.findByUid(tx, other);
      if (device && device.status.access?.state !== 'unknown') return true;
    }
    return false;
  }

  /** A device of the same hardware that is blocked. */
  async blockedTwin(tx: Transaction, uid: string, facts: Facts): Promise<Device | undefined> {
    for (const other of await this.hardware.findTold(tx, uid, strongHardware(hardwareOfFacts(facts)))) {
      const device = await this.devices.rows.findByUid(tx, other);
      if (device?.status.access?.state === 'blocked') return device;
    }
    return undefined;
  }

  /** A device has another status and nothing else. Answers its name. */
  async keep(
    tx: Transaction,
    { metadata: { uid, name } }: Device,
    status: DeviceStatus,
    actor: string,
  ): Promise<string> {
    await this.repository.setStatus(tx, uid, status);
    await this.tellSaved(tx, uid, actor);
    return name;
  }

  /** Part of every change that did not go through the resource's own door. */
  async tellSaved(tx: Transaction, uid: string, actor: string): Promise<void> {
    const resource = await this.devices.rows.findByUid(tx, uid);
    if (resource) await this.outbox.add(tx, events.saved, { resource, actor });
  }
}
