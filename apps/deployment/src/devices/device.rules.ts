import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { ResourceRules } from '@muster/service/resources/resource-store.js';
import type { EventLog } from '../events/event-log.js';
import type { Membership } from '../membership/membership.js';
import type { Variables } from '../variables/variables.service.js';

/** A device that people write by hand waits for its agent; collections count it in from the start. */
export function deviceRules(
  membership: Membership,
  variables: Variables,
  events: EventLog,
): ResourceRules<DeviceSpec, DeviceStatus> {
  return {
    seal: (input) => variables.seal(input),

    merge: (current, input) => variables.merge(current, input),

    async status(tx, _input, current) {
      if (current) return current.status;
      await membership.lock(tx);
      return { enrolled: false };
    },

    async saved(tx, resource, previous) {
      const { uid, name } = resource.metadata;
      await variables.saved(tx, { kind: 'Device', uid, name }, resource.spec, previous?.spec);
      if (!previous) await membership.deviceAppeared(tx, resource.metadata);
    },

    async deleting(tx, resource, { actor }) {
      await membership.lock(tx);
      await membership.deviceGone(tx, resource.metadata.uid);
      await variables.gone(tx, resource.metadata.uid);
      const { name } = resource.metadata;
      await events.add(tx, 'device.deleted', `devices/${name}`, {
        message: `device ${name} was deleted by ${actor}`,
        device: name,
        actor,
      });
    },
  };
}
