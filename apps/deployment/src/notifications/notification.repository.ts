import type { Queryable } from '@muster/persistence/database.js';
import { DEVICES_HEARD, IS_CONNECTED } from '../devices/device-presence.repository.js';

/** Whom a notification is for, and how many of them can hear it. */
export interface Audience {
  readonly uid: string;
  readonly devices: number;
  readonly connected: number;
}

/** Who hears a notification. */
export class NotificationRepository {
  /** undefined: there is no such device. A record without a computer is `enrolled: false`. */
  async device(database: Queryable, name: string): Promise<(Audience & { enrolled: boolean }) | undefined> {
    const [row] = await database.query<Audience & { enrolled: boolean }>(
      `select device.uid, state <> 'awaited' as enrolled, 1 as devices, (${IS_CONNECTED})::int as connected
       from ${DEVICES_HEARD} where device.name = $1`,
      [name],
    );
    return row;
  }

  /** undefined: there is no such collection. */
  async collection(database: Queryable, name: string): Promise<Audience | undefined> {
    const [row] = await database.query<Audience>(
      `select collection.uid, counted.* from collection, lateral (
         select count(*) as devices, count(*) filter (where ${IS_CONNECTED}) as connected
         from ${DEVICES_HEARD} join collection_member as member on member.device_uid = device.uid
         where member.collection_uid = collection.uid) as counted
       where collection.name = $1`,
      [name],
    );
    return row;
  }
}
