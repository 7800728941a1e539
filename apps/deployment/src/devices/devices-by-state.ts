import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { DevicesByStateQuery } from '@muster/contracts/kinds/device-list.js';
import { API_VERSION, type Resource, type ResourceList } from '@muster/contracts/resource.js';
import type { Database } from '@muster/persistence/database.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { DevicePresenceRepository } from './device-presence.repository.js';

/** Lists devices by what became of them, and by whether they are there. Reads only. */
export class DevicesByState {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DevicePresenceRepository,
    private readonly database: Database,
  ) {}

  /** A page in the order of names. Throws MusterError `request.bad-continue`. */
  async list(query: DevicesByStateQuery): Promise<ResourceList<Resource<DeviceSpec, DeviceStatus>>> {
    const { continue: token, limit = 100, ...wanted } = query;
    const [after = ''] = decodePosition(token, ['string']);
    const names = await this.repository.names(this.database, { ...wanted, after, limit: limit + 1 });
    const last = names.length > limit ? names[limit - 1] : undefined;
    const found = await this.devices.rows.findMany(this.database, names.slice(0, limit));
    return {
      apiVersion: API_VERSION,
      kind: `${device.kind}List`,
      metadata: last === undefined ? {} : { continue: encodePosition([last]) },
      items: await this.devices.derive(found),
    };
  }
}
