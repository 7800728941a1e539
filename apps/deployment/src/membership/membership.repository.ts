import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** Devices that entered or left one collection; at most as many as were asked for at once. */
export interface MemberChange {
  change: 'added' | 'removed';
  devices: string[];
}

/** Who is in which collection. Every change is one statement over sets, whatever the size of the fleet. */
export class MembershipRepository {
  /**
   * One change of membership at a time. A device that appears while a collection is evaluated would otherwise be seen
   * by neither. It locks no device: what agents do goes on.
   */
  async lock(tx: Transaction): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended(current_schema() || '.membership', 0))`);
  }

  /** Makes the members be the devices with these names, or all; answers the difference in portions. */
  async replace(
    tx: Transaction,
    collectionUid: string,
    wanted: { allDevices: boolean; names: readonly string[] },
    portion: number,
  ): Promise<MemberChange[]> {
    return tx.query<MemberChange>(
      `with wanted as (
         select uid from device where $2::boolean or name = any($3::text[])
       ), removed as (
         delete from collection_member as member
         where member.collection_uid = $1 and not exists (select 1 from wanted where wanted.uid = member.device_uid)
         returning member.device_uid
       ), added as (
         insert into collection_member (collection_uid, device_uid)
         select $1, uid from wanted
         where not exists (
           select 1 from collection_member as member where member.collection_uid = $1 and member.device_uid = wanted.uid)
         order by uid
         returning device_uid
       ), changes as (
         select 'removed' as change, device_uid, row_number() over () as nth from removed
         union all
         select 'added', device_uid, row_number() over () from added
       )
       select change, json_agg(device_uid) as devices from changes group by change, (nth - 1) / $4::int
       order by change desc`,
      [collectionUid, wanted.allDevices, [...wanted.names], portion],
    );
  }

  /** Puts a new device into the collections whose rules want it; answers their uids. */
  async enter(tx: Transaction, device: { uid: string; name: string }): Promise<string[]> {
    const rows = await tx.query<{ uid: string }>(
      `insert into collection_member (collection_uid, device_uid)
       select uid, $1 from collection where spec @> '{"rules":[{"allDevices":true}]}' or spec @> $2
       on conflict do nothing returning collection_uid as uid`,
      [device.uid, JSON.stringify({ rules: [{ device: device.name }] })],
    );
    return rows.map(({ uid }) => uid);
  }

  /** Takes a device out of every collection; answers their uids. */
  async leave(tx: Transaction, deviceUid: string): Promise<string[]> {
    const rows = await tx.query<{ uid: string }>(
      'delete from collection_member where device_uid = $1 returning collection_uid as uid',
      [deviceUid],
    );
    return rows.map(({ uid }) => uid);
  }

  /** One device takes the place of another everywhere; answers the collections. */
  async exchange(tx: Transaction, fromUid: string, toUid: string): Promise<string[]> {
    const rows = await tx.query<{ uid: string }>(
      'update collection_member set device_uid = $2 where device_uid = $1 returning collection_uid as uid',
      [fromUid, toUid],
    );
    return rows.map(({ uid }) => uid);
  }

  async drop(tx: Transaction, collectionUid: string): Promise<void> {
    await tx.query('delete from collection_member where collection_uid = $1', [collectionUid]);
    await tx.query('delete from collection_size where collection_uid = $1', [collectionUid]);
  }

  /** Members of each collection; those without any are not in the answer. */
  async sizes(database: Queryable, collectionUids: readonly string[]): Promise<Map<string, number>> {
    const rows = await database.query<{ uid: string; members: number }>(
      'select collection_uid as uid, members from collection_size where collection_uid = any($1)',
      [[...collectionUids]],
    );
    return new Map(rows.map(({ uid, members }) => [uid, members]));
  }

  /** Which of these names no device has. */
  async unknownDevices(tx: Transaction, names: readonly string[]): Promise<Set<string>> {
    const rows = await tx.query<{ name: string }>(
      'select name from unnest($1::text[]) as wanted (name) where not exists (select 1 from device where device.name = wanted.name)',
      [[...names]],
    );
    return new Set(rows.map(({ name }) => name));
  }
}
