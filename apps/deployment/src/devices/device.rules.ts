import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import { hardwareIds } from '@muster/contracts/kinds/hardware-identity.js';
import { sameJson } from '@muster/contracts/digest.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { ResourceRules, SavedChange } from '@muster/service/resources/resource-rules.js';
import type { EventLog } from '../events/event-log.js';
import type { Membership } from '../membership/membership.js';
import type { Variables } from '../variables/variables.service.js';
import type { SoftwareRepository } from '../software/software.repository.js';
import type { DeviceHardwareRepository } from './device-hardware.repository.js';
import type { DevicePresenceRepository } from './device-presence.repository.js';
import { hardwareTaken } from './hardware-taken.js';

/** A device that people write by hand waits for its agent; collections count it in from the start. */
export function deviceRules(
  membership: Membership,
  variables: Variables,
  hardware: DeviceHardwareRepository,
  events: EventLog,
  software: SoftwareRepository,
  seen: { repository: DevicePresenceRepository; database: Database },
): ResourceRules<DeviceSpec, DeviceStatus> {
  async function savedMany(tx: Transaction, changes: readonly SavedChange<DeviceSpec, DeviceStatus>[]): Promise<void> {
    for (const { resource, previous } of changes) {
      const { uid, name } = resource.metadata;
      const { identity } = resource.spec;
      if (sameJson(identity ?? null, previous?.spec.identity ?? null)) continue;
      await hardware.name(tx, uid, hardwareIds(identity));
      const named = await hardware.findNamed(tx, hardwareIds(identity));
      const taken = hardwareTaken(name, identity, named, hardware.shared);
      if (taken) throw taken;
    }
    await variables.saved(
      tx,
      changes.map(({ resource: { metadata, spec }, previous }) => {
        return { owner: { kind: 'Device', uid: metadata.uid, name: metadata.name }, spec, previous: previous?.spec };
      }),
    );
    const appeared = changes.filter(({ previous }) => !previous).map(({ resource }) => resource.metadata);
    if (appeared.length > 0) await membership.devicesAppeared(tx, appeared);
  }

  return {
    seal: (input) => variables.seal(input),

    merge: (current, input) => variables.merge(current, input),

    async status(tx, _input, current) {
      if (current) return current.status;
      await membership.lock(tx);
      return { enrolled: false };
    },

    saved: (tx, resource, previous, actor) => savedMany(tx, [{ resource, previous, actor }]),

    savedMany,

    // As enrolments do: first this lock, then rows.
    lockBefore: (tx) => membership.lock(tx),

    async deleting(tx, resource, { actor }) {
      await membership.deviceGone(tx, resource.metadata.uid);
      await variables.gone(tx, resource.metadata.uid);
      await software.forget(tx, resource.metadata.uid);
      const { name } = resource.metadata;
      await events.add(tx, 'device.deleted', `devices/${name}`, {
        message: `device ${name} was deleted by ${actor}`,
        device: name,
        actor,
      });
    },

    sealedValues: (tx, resource) => variables.sealedValues(tx, resource.metadata.uid, resource.spec),

    giveSealed: (spec, sealed) => variables.giveSealed(spec, sealed),

    async derive(resources) {
      const known = await seen.repository.find(
        seen.database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((one) => ({ ...one, status: { ...one.status, ...known.get(one.metadata.uid) } }));
    },
  };
}
