import type { DeviceState as DeviceStateName } from '@muster/contracts/kinds/device-list.js';
import type { Queryable } from '@muster/persistence/database.js';
import { DEVICE_STATE, type DeviceState } from './device-state.js';

/** A device of another site as that told of it. */
export interface DeviceBelow {
  readonly key: string;
  /** Of the last write of its document. */
  readonly stamp: number;
  readonly document: unknown;
  readonly state: DeviceState;
}

/** Which ones: after a key, of one site, in one state. */
export interface WhichDevices {
  readonly after: string;
  readonly limit: number;
  readonly site?: string | undefined;
  readonly state?: DeviceStateName | undefined;
}

const FROM = `from replica as document join replica as told on told.kind = '${DEVICE_STATE}' and told.key = document.key
  where document.kind = 'Device' and document.content is not null and told.content is not null`;
const COLUMNS = 'document.key, document.stamp, document.content as document, told.content as state';

/** Devices of the sites below, out of what those told. */
export class DevicesBelowRepository {
  /** In the order of names, then of sites. */
  async page(database: Queryable, here: string, which: WhichDevices): Promise<DeviceBelow[]> {
    const { after, limit, site = null, state = null } = which;
    return database.query<DeviceBelow>(
      `select ${COLUMNS} ${FROM} and document.key > $2 and document.owner <> $1
         and ($3::text is null or document.owner = $3) and ($4::text is null or device_state(told.content -> 'status') = $4)
       order by document.key limit $5`,
      [here, after, site, state, limit],
    );
  }

  async find(database: Queryable, key: string): Promise<DeviceBelow | undefined> {
    const [row] = await database.query<DeviceBelow>(`select ${COLUMNS} ${FROM} and document.key = $1`, [key]);
    return row;
  }
}
