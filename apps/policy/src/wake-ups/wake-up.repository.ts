import type { DeviceWish, WakeUpPacket } from '@muster/contracts/agent/wake-up.js';
import type { NeighbourWake } from '@muster/contracts/requests/wake-neighbours.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** Whom changes of policy concern, and who is asked to wake neighbours. */
export class WakeUpRepository {
  /**
   * Keeps packets for those of the named devices that can send them, for two minutes; what is over goes. Answers the devices.
   *
   * @param ability what their agents must have said that they can do
   */
  async keepWakes(tx: Transaction, wakes: readonly NeighbourWake[], ability: string): Promise<string[]> {
    await tx.query('delete from neighbour_wake where expires_at < now()');
    const rows = await tx.query<{ uid: string }>(
      `with wanted as (
         select wake.packets, device.uid from jsonb_to_recordset($1::jsonb) as wake (devices jsonb, packets jsonb)
           join device on device.uid in (select one::uuid from jsonb_array_elements_text(wake.devices) as one)
         where device.state = 'enrolled' and $2 = any(device.abilities)
       ), kept as (
         insert into neighbour_wake (device_uid, packets, expires_at) select uid, packets, now() + interval '2 minutes' from wanted
       )
       select distinct uid from wanted`,
      [JSON.stringify(wakes), ability],
    );
    return rows.map(({ uid }) => uid);
  }

  /** Takes what is kept for these devices: each packet is told once, by the process to which its device is connected. */
  async takeWakes(
    database: Queryable,
    devices: readonly string[],
  ): Promise<{ deviceUid: string; packets: WakeUpPacket[] }[]> {
    return database.query(
      `delete from neighbour_wake where device_uid = any($1::uuid[])
       returning device_uid as "deviceUid", case when expires_at < now() then '[]' else packets end as packets`,
      [devices],
    );
  }

  /** What was wanted of these devices between two serials. */
  async calls(
    database: Queryable,
    { from, to }: { from: number; to: number },
    devices: readonly string[],
  ): Promise<{ deviceUid: string; wish: DeviceWish }[]> {
    return database.query(
      `with calls as (select collection_uid, device_uid, wish from device_call where serial > $1 and serial <= $2)
       select device_uid as "deviceUid", wish from calls where device_uid = any($3::uuid[])
       union
       select member.device_uid, wish from calls join device_member as member on member.collection_uid = calls.collection_uid
       where member.device_uid = any($3::uuid[]) and member.left_at is null`,
      [from, to, devices],
    );
  }

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
