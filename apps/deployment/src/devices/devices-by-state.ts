import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { DevicesByStateQuery } from '@muster/contracts/kinds/device-list.js';
import { API_VERSION, type Resource, type ResourceList } from '@muster/contracts/resource.js';
import type { Database } from '@muster/persistence/database.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { DeviceRepository } from './device.repository.js';

/** Lists devices by what became of them. Reads only. */
export class DevicesByState {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly repository: DeviceRepository,
    private readonly database: Database,
  ) {}

  /** A page in the order of names. Throws MusterError `request.bad-continue`. */
  async list(query: DevicesByStateQuery): Promise<ResourceList<Resource<DeviceSpec, DeviceStatus>>> {
    const { state, silentDays, limit = 100 } = query;
    const [after = ''] = decodePosition(query.continue, ['string']);
    const names = await this.repository.namesByState(this.database, { state, silentDays, after, limit: limit + 1 });
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
