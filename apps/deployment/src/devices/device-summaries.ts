import { DEVICE_STATES, type DeviceState } from '@muster/contracts/kinds/device-list.js';
import type { DeviceSummary } from '@muster/contracts/kinds/device-summary.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { DevicePresenceRepository } from './device-presence.repository.js';

/** Those that may have policy; only of them it matters whether they are there. */
export const IN_USE: readonly DeviceState[] = ['approved', 'unknown', 'cloned'];

/** How many devices there are of which state, and how many of them are there. Reads only. */
export class DeviceSummaries {
  constructor(
    private readonly repository: DevicePresenceRepository,
    private readonly database: Database,
  ) {}

  /**
   * @param collection only its members; undefined: all devices
   * @throws MusterError `resource.not-found`: there is no such collection
   */
  async read(collection: string | undefined): Promise<DeviceSummary> {
    const uid = collection === undefined ? undefined : await this.repository.collectionUid(this.database, collection);
    if (collection !== undefined && uid === undefined)
      throw new MusterError('not-found', 'resource.not-found', `There is no Collection "${collection}"`);
    const rows = await this.repository.count(this.database, uid);
    const states = Object.fromEntries(DEVICE_STATES.map((state) => [state, 0])) as DeviceSummary['states'];
    for (const { state, devices } of rows) states[state] = devices;
    const used = rows.filter(({ state }) => IN_USE.includes(state));
    const sum = (what: 'devices' | 'online' | 'active') => used.reduce((total, row) => total + row[what], 0);
    const [devices, online, active] = [sum('devices'), sum('online'), sum('active')];
    return {
      at: new Date().toISOString(),
      ...(collection === undefined ? {} : { collection }),
      total: rows.reduce((total, row) => total + row.devices, 0),
      states,
      inUse: {
        total: devices,
        online,
        offline: devices - online,
        active,
        inactive: devices - active,
        inactivePercent: devices === 0 ? 0 : Math.round(((devices - active) / devices) * 1000) / 10,
      },
    };
  }
}
