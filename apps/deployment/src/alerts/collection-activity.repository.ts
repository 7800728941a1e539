import type { Transaction } from '@muster/persistence/database.js';
import { DEVICES_HEARD, isActive } from '../devices/device-presence.repository.js';
import { IN_USE } from '../devices/device-summaries.js';

/** Devices become inactive after days: a count is good for so long. */
const COUNTED_FOR_SECONDS = 60;

/** How many devices in use the collections have that ask for alerts, and how many of them are inactive. */
export class CollectionActivityRepository {
  /**
   * @param inactiveDays a device of which nothing came for so long is inactive
   */
  constructor(private readonly inactiveDays: number) {}

  /** Counts anew what was counted too long ago, or never. It reads the members of those collections, and of no other. */
  async count(tx: Transaction): Promise<void> {
    const due = await tx.query<{ uid: string }>(
      `select uid from collection left join collection_activity on collection_uid = uid
       where spec ? 'alerts' and (counted_at is null or counted_at <= now() - make_interval(secs => $1))`,
      [COUNTED_FOR_SECONDS],
    );
    if (due.length === 0) return;
    // Each device once, however many of the collections have it.
    await tx.query(
      `with heard as materialized (
         select device.uid, not ${isActive('$2')} as inactive from ${DEVICES_HEARD} where device.state = any($3)
       ), counted as (
         select member.collection_uid, count(*) as devices, count(*) filter (where inactive) as inactive
         from collection_member as member join heard on heard.uid = member.device_uid
         where member.collection_uid = any($1::uuid[]) group by 1
       )
       insert into collection_activity (collection_uid, devices, inactive, counted_at)
       select uid, coalesce(devices, 0), coalesce(inactive, 0), now()
       from collection left join counted on counted.collection_uid = uid where uid = any($1::uuid[])
       on conflict (collection_uid) do update
         set devices = excluded.devices, inactive = excluded.inactive, counted_at = excluded.counted_at`,
      [due.map(({ uid }) => uid), this.inactiveDays, [...IN_USE]],
    );
  }
}
