import type { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { hardwareOfFacts } from '@muster/contracts/kinds/hardware-identity.js';
import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { z } from 'zod';
import { toInstant } from '../instant.js';
import type { Membership } from '../membership/membership.js';
import type { Variables } from '../variables/variables.service.js';
import type { EventLog } from '../events/event-log.js';
import { changedFacts } from './changed-facts.js';
import { chooseWaiting } from './choose-waiting.js';
import type { DeviceHardwareRepository } from './device-hardware.repository.js';
import type { DeviceRepository } from './device.repository.js';
import { candidatePrefix, freeName } from './free-name.js';

type Enrolment = z.infer<typeof deviceEnrolled.payload>;

const events = resourceEvents(device);

/**
 * Makes the record of a device that enrolled. Its uid is the enrolment's: policy, sessions and reports know the device by
 * no other. So a record that waited for it, by its hardware or its name, gets that uid, and keeps its name, labels, variables,
 * description and collections.
 */
export class Enrolments {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DeviceRepository,
    private readonly hardware: DeviceHardwareRepository,
    private readonly membership: Membership,
    private readonly variables: Variables,
    private readonly outbox: Outbox,
    private readonly log: EventLog,
  ) {}

  async apply(tx: Transaction, enrolment: Enrolment): Promise<void> {
    const uid = enrolment.deviceUid;
    const status: DeviceStatus = {
      enrolled: true,
      enrolledAt: toInstant(enrolment.enrolledAt) ?? new Date().toISOString(),
      keyThumbprint: enrolment.keyThumbprint,
      facts: enrolment.facts,
      factsAt: toInstant(enrolment.enrolledAt) ?? new Date().toISOString(),
    };
    await this.membership.lock(tx);
    const before = await this.devices.rows.findByUid(tx, uid);
    if (before) {
      await this.devices.writeStatus(tx, uid, status);
      await this.hardware.tell(tx, uid, hardwareOfFacts(enrolment.facts));
      await this.tellEnrolled(tx, before.metadata.name, 'enrolled again');
      return this.membership.factsChanged(tx, uid, changedFacts(before.status.facts, status.facts));
    }
    const namesake = await this.devices.rows.findForUpdate(tx, enrolment.name);
    const waiting = await this.waitingFor(tx, enrolment, namesake);
    if (waiting) return this.adopt(tx, waiting, { uid, status });
    const name = namesake
      ? freeName(enrolment.name, await this.repository.namesBeginning(tx, candidatePrefix(enrolment.name)))
      : enrolment.name;
    await this.repository.insert(tx, { uid, name, status });
    await this.hardware.tell(tx, uid, hardwareOfFacts(enrolment.facts));
    await this.tellSaved(tx, uid);
    await this.tellEnrolled(tx, name, 'enrolled');
    await this.membership.devicesAppeared(tx, [{ uid, name }]);
  }

  private async waitingFor(
    tx: Transaction,
    { facts }: Enrolment,
    namesake: Resource<DeviceSpec, DeviceStatus> | undefined,
  ): Promise<Resource<DeviceSpec, DeviceStatus> | undefined> {
    const named = await this.hardware.findNamed(tx, hardwareOfFacts(facts));
    const open = namesake && !namesake.status.enrolled ? namesake : undefined;
    const name = chooseWaiting(facts, named, open && { name: open.metadata.name, identity: open.spec.identity });
    if (name === undefined) return undefined;
    return name === open?.metadata.name ? open : this.devices.rows.findForUpdate(tx, name);
  }

  private async adopt(
    tx: Transaction,
    waiting: Resource<DeviceSpec, DeviceStatus>,
    enrolled: { uid: string; status: DeviceStatus },
  ): Promise<void> {
    await this.repository.adopt(tx, waiting.metadata.uid, enrolled);
    await this.hardware.tell(tx, enrolled.uid, hardwareOfFacts(enrolled.status.facts ?? {}));
    // For whoever knows devices by uid, the waiting record ends here.
    await this.outbox.add(tx, events.deleted, { resource: waiting, actor: 'system' });
    await this.tellSaved(tx, enrolled.uid);
    await this.tellEnrolled(tx, waiting.metadata.name, 'enrolled');
    const owner = { kind: 'Device', uid: enrolled.uid, name: waiting.metadata.name } as const;
    await this.variables.moved(tx, waiting.metadata.uid, owner, waiting.spec);
    await this.membership.deviceReplaced(tx, waiting.metadata.uid, enrolled.uid);
    await this.membership.factsChanged(tx, enrolled.uid, changedFacts(waiting.status.facts, enrolled.status.facts));
  }

  private async tellEnrolled(tx: Transaction, device: string, how: string): Promise<void> {
    await this.log.add(tx, 'device.enrolled', `devices/${device}`, { message: `device ${device} ${how}`, device });
  }

  private async tellSaved(tx: Transaction, uid: string): Promise<void> {
    const resource = await this.devices.rows.findByUid(tx, uid);
    if (resource) await this.outbox.add(tx, events.saved, { resource, actor: 'system' });
  }
}
