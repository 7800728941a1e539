import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import { retrievePolicy } from '@muster/contracts/requests/retrieve-policy.js';
import type { Bus } from '@muster/messaging/bus.js';
import { audit } from '@muster/persistence/audit.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Device } from './adoption.js';
import { notEnrolled } from './decide-access.js';

/** Calls devices to come for their policy now, not only when it is time. */
export class PolicyCalls {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly database: Database,
    private readonly bus: Pick<Bus, 'request'>,
  ) {}

  /** @throws MusterError `resource.not-found`, `deployment.device-not-enrolled`, `bus.no-answer` */
  async call(name: string, actor: string): Promise<Device> {
    const device = await this.devices.rows.find(this.database, name);
    if (!device) throw new MusterError('not-found', 'resource.not-found', `There is no Device "${name}"`);
    if (!device.status.enrolled) throw notEnrolled(name, 'call');
    const { uid } = device.metadata;
    await this.bus.request(retrievePolicy, { device: uid });
    await this.database.transaction((tx) =>
      audit(tx, { actor, action: 'called', kind: 'Device', name, uid, correlationId: currentTraceId() }),
    );
    return (await this.devices.derive([device]))[0] ?? device;
  }
}
