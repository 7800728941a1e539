import type { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import { hardwareOfFacts } from '@muster/contracts/kinds/hardware-identity.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { z } from 'zod';
import type { EventLog } from '../events/event-log.js';
import { toInstant } from '../instant.js';
import type { Membership } from '../membership/membership.js';
import type { Adoption } from './adoption.js';
import { changedFacts } from './changed-facts.js';
import type { DeviceHardwareRepository } from './device-hardware.repository.js';
import type { DeviceRepository } from './device.repository.js';
import { candidatePrefix, freeName } from './free-name.js';

const HOW = {
  approved: 'enrolled',
  pending: 'enrolled, and waits for its approval',
  unknown: 'enrolled as an unknown computer',
  blocked: 'enrolled, and is blocked as its hardware is',
} as const;

type Enrolment = z.infer<typeof deviceEnrolled.payload>;

/**
 * Makes the record of a device that enrolled, or gives it the one that waited for it. A pending device touches no record but its own:
 * nobody has vouched for it yet. Where its token lets unknown computers in, one of which the site has no record is one.
 */
export class Enrolments {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DeviceRepository,
    private readonly hardware: DeviceHardwareRepository,
    private readonly membership: Membership,
    private readonly adoption: Adoption,
    private readonly log: EventLog,
    /** What becomes of a computer whose hardware is that of a device (DEV-03). */
    private readonly reinstalled: 'automatic' | 'manual' = 'automatic',
  ) {}

  async apply(tx: Transaction, enrolment: Enrolment): Promise<void> {
    const { deviceUid: uid, facts } = enrolment;
    await this.membership.lock(tx);
    const before = await this.devices.rows.findByUid(tx, uid);
    const status = await this.judge(tx, enrolment, before?.status.access);
    if (before) {
      await this.devices.writeStatus(tx, uid, status);
      await this.hardware.tell(tx, uid, hardwareOfFacts(facts));
      await this.tellEnrolled(tx, before.metadata.name, 'enrolled again');
      return this.membership.factsChanged(tx, before.metadata, changedFacts(before.status.facts, facts));
    }
    const approved = status.access?.state === 'approved';
    const waiting = !approved ? undefined : await this.adoption.waitingFor(tx, facts, enrolment.name);
    if (waiting) {
      await this.adoption.adopt(tx, waiting, { uid, status }, 'system');
      return this.tellEnrolled(tx, waiting.metadata.name, 'enrolled');
    }
    const name = freeName(enrolment.name, await this.repository.namesBeginning(tx, candidatePrefix(enrolment.name)));
    await this.repository.insert(tx, { uid, name, status });
    await this.hardware.tell(tx, uid, hardwareOfFacts(facts));
    await this.adoption.tellSaved(tx, uid, 'system');
    if (approved) await this.adoption.supersede(tx, uid, name, status, 'system');
    await this.tellEnrolled(tx, name, HOW[status.access?.state ?? 'approved']);
    await this.membership.devicesAppeared(tx, [{ uid, name }]);
  }

  /** Whose hardware is blocked does not come back by another key. */
  private async judge(tx: Transaction, enrolment: Enrolment, kept: DeviceStatus['access']): Promise<DeviceStatus> {
    if (kept) return statusOf(enrolment, kept);
    const status = statusOf(enrolment, await this.asUnknown(tx, enrolment));
    const twin = await this.adoption.blockedTwin(tx, enrolment.deviceUid, enrolment.facts);
    const { access } = status;
    if (!access || access.state === 'blocked') return status;
    if (!twin) return access.state === 'approved' ? this.asReinstalled(tx, enrolment, status) : status;
    const reason = `its hardware is that of "${twin.metadata.name}", which is blocked`;
    return { ...status, access: { ...access, state: 'blocked', before: access.state, reason } };
  }

  /** Where people decide who comes back, whoever has the hardware of a device waits for them. */
  private async asReinstalled(tx: Transaction, enrolment: Enrolment, status: DeviceStatus): Promise<DeviceStatus> {
    const { access } = status;
    if (this.reinstalled === 'automatic' || !access) return status;
    const owner = await this.adoption.ownerOf(tx, enrolment.deviceUid, enrolment.facts);
    if (!owner) return status;
    const hardwareOf = owner.metadata.name;
    return { ...status, access: { ...access, state: 'pending' }, requestedName: enrolment.name, hardwareOf };
  }

  /** A computer that its token lets in as an unknown one, and that no record is for (collections-variables 1): by hardware, or by name. */
  private async asUnknown(
    tx: Transaction,
    { deviceUid, name, facts, access, enrolledAt }: Enrolment,
  ): Promise<DeviceStatus['access']> {
    if (access?.unknownComputers !== true) return undefined;
    if ((await this.adoption.waitingFor(tx, facts, name)) || (await this.adoption.knows(tx, deviceUid, facts)))
      return undefined;
    const since = toInstant(enrolledAt) ?? new Date().toISOString();
    return { state: 'unknown', since, by: access.by, becomes: access.state };
  }

  private async tellEnrolled(tx: Transaction, device: string, how: string): Promise<void> {
    await this.log.add(tx, 'device.enrolled', `devices/${device}`, { message: `device ${device} ${how}`, device });
  }
}

/** @param decided about the device, if more is known than what its token is good for */
function statusOf(enrolment: Enrolment, decided: DeviceStatus['access']): DeviceStatus {
  const enrolledAt = toInstant(enrolment.enrolledAt) ?? new Date().toISOString();
  const token = enrolment.access ?? { state: 'approved', by: 'system' };
  const access = decided ?? { state: token.state, since: enrolledAt, by: token.by };
  return {
    enrolled: true,
    enrolledAt,
    keyThumbprint: enrolment.keyThumbprint,
    access,
    ...(access.state === 'pending' || access.state === 'unknown' ? { requestedName: enrolment.name } : {}),
    facts: enrolment.facts,
    factsAt: enrolledAt,
  };
}
