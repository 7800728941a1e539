import type { WakeUpPacket } from '@muster/contracts/agent/wake-up.js';
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
}
