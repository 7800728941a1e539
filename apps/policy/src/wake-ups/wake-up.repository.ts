import type { Queryable } from '@muster/persistence/database.js';

/** Whom changes of policy concern. */
export class WakeUpRepository {
  /**
   * Of these devices, those to which policy may say something else at serial `to` than at serial `from`. Devices that
   * left a collection are among them.
   */
  async concerned(
    database: Queryable,
    { from, to }: { from: number; to: number },
    devices: readonly string[],
  ): Promise<string[]> {
    const rows = await database.query<{ uid: string }>(
      `with changes as (select collection_uid, device_uid from policy_change where serial > $1 and serial <= $2),
            connected as (select unnest($3::uuid[]) as uid)
       select uid from connected
       where exists (select 1 from changes where collection_uid is null and device_uid is null)
          or exists (select 1 from changes where changes.device_uid = connected.uid)
          or exists (select 1 from device_member
                     where device_member.device_uid = connected.uid
                       and device_member.collection_uid in (select collection_uid from changes))`,
      [from, to, devices],
    );
    return rows.map(({ uid }) => uid);
  }
}
