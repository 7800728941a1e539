import type { SoftwareEntry } from '@muster/sequence/conditions/software-schema.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import type { SoftwareChange } from '../membership/software-reads.js';

/** What a device told of its software. */
export interface ToldSoftware {
  readonly software: readonly SoftwareEntry[];
  readonly leftOut: number;
}

/** Which software devices have. Every write is behind the lock of membership. */
export class SoftwareRepository {
  /**
   * What is installed on a device from now on; what is so already is not written. Only what the device did not have before is looked up among
   * the entries of the site.
   *
   * @returns what changed; undefined: nothing
   */
  async replace(
    tx: Transaction,
    deviceUid: string,
    { software, leftOut }: ToldSoftware,
    at: string,
  ): Promise<SoftwareChange | undefined> {
    const [row] = await tx.query<{
      leftOutBefore: number | null;
      counted: boolean;
      entries: SoftwareChange['entries'];
    }>(
      `with told as materialized (
         select distinct name, version, architecture from unnest($2::text[], $3::text[], $4::text[]) as one (name, version, architecture)
       ), before as materialized (
         select items, left_out from device_software where device_uid = $1
       ), had as materialized (
         select entry.* from before, unnest(before.items) as item (id)
         cross join lateral (select * from software where software.id = item.id limit 1) as entry
       ), gone as materialized (
         select id, name from had where (name, version, architecture) not in (select name, version, architecture from told)
       ), came as materialized (
         select told.*, entry.id
         from (select * from told where (name, version, architecture) not in (select name, version, architecture from had)) as told
         left join lateral (
           select id from software
           where (software.name, software.version, software.architecture) = (told.name, told.version, told.architecture) limit 1
         ) as entry on true
       ), made as (
         insert into software (name, version, architecture) select name, version, architecture from came where id is null
         returning id, name
       ), added as (
         select id, name from came where id is not null union all select id, name from made
       ), after as (
         select coalesce(array_agg(id order by id), '{}') as items
         from (select id from had where id not in (select id from gone) union all select id from added) as ids
       ), written as (
         insert into device_software (device_uid, items, left_out, changed_at)
         select $1, items, $5, $6 from after
         on conflict (device_uid) do update
           set items = excluded.items, left_out = excluded.left_out, changed_at = excluded.changed_at
           where device_software.items <> excluded.items or device_software.left_out <> excluded.left_out
         returning cardinality(items) as count
       )
       select before.left_out as "leftOutBefore", written.count is distinct from cardinality(before.items) as counted, coalesce((
         select json_agg(json_build_object('id', id, 'name', name)) from (select * from gone union all select * from added) as changed
       ), '[]') as entries
       from written left join before on true`,
      [
        deviceUid,
        software.map(({ name }) => name),
        software.map(({ version }) => version),
        software.map(({ architecture }) => architecture ?? ''),
        leftOut,
        at,
      ],
    );
    if (!row) return undefined;
    const { leftOutBefore, counted, entries } = row;
    return { whole: leftOutBefore === null || (leftOutBefore === 0) !== (leftOut === 0), counted, entries };
  }

  /** A device that is no more, or has another uid from now on. */
  async forget(tx: Transaction, deviceUid: string): Promise<void> {
    await tx.query('delete from device_software where device_uid = $1', [deviceUid]);
  }

  /** By name; undefined: the device has told nothing of it. */
  async read(database: Queryable, deviceUid: string): Promise<(ToldSoftware & { changedAt: string }) | undefined> {
    const [row] = await database.query<{ software: SoftwareEntry[]; leftOut: number; changedAt: Date }>(
      `select left_out as "leftOut", changed_at as "changedAt", coalesce((
         select json_agg(json_strip_nulls(json_build_object(
           'name', name, 'version', version, 'architecture', nullif(architecture, ''))) order by name, version, architecture)
         from software where id = any(items)), '[]') as software
       from device_software where device_uid = $1`,
      [deviceUid],
    );
    return row && { ...row, changedAt: row.changedAt.toISOString() };
  }

  /**
   * Removes entries that no device has any more, of some.
   *
   * @param after the id behind which to look
   * @returns the last id that was looked at; undefined: there are no more
   */
  async removeUnused(tx: Transaction, after: number, limit: number): Promise<number | undefined> {
    const [row] = await tx.query<{ last: number | null }>(
      `with looked as materialized (
         select id from software where id > $1 order by id limit $2
       ), removed as (
         delete from software using looked
         where software.id = looked.id
           and not exists (select 1 from device_software where device_software.items @> array[looked.id])
       )
       select max(id) as last from looked`,
      [after, limit],
    );
    return row?.last ?? undefined;
  }
}
