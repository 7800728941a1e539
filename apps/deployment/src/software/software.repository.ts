import type { SoftwareEntry } from '@muster/sequence/conditions/software-schema.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** What a device told of its software. */
export interface ToldSoftware {
  readonly software: readonly SoftwareEntry[];
  readonly leftOut: number;
}

/** Which software devices have. Every write is behind the lock of membership. */
export class SoftwareRepository {
  /**
   * What is installed on a device from now on; what is so already is not written.
   *
   * @returns whether something changed
   */
  async replace(tx: Transaction, deviceUid: string, { software, leftOut }: ToldSoftware, at: string): Promise<boolean> {
    const changed = await tx.query(
      `with told as (
         select distinct name, version, architecture from unnest($2::text[], $3::text[], $4::text[]) as one (name, version, architecture)
       ), known as (
         select id, name, version, architecture from software join told using (name, version, architecture)
       ), added as (
         insert into software (name, version, architecture)
         select name, version, architecture from told
         where not exists (select 1 from known where (known.name, known.version, known.architecture) = (told.name, told.version, told.architecture))
         returning id
       ), ids as (
         select id from known union all select id from added
       )
       insert into device_software (device_uid, items, left_out, changed_at)
       select $1, coalesce(array_agg(id order by id), '{}'), $5, $6 from ids
       on conflict (device_uid) do update
         set items = excluded.items, left_out = excluded.left_out, changed_at = excluded.changed_at
         where device_software.items <> excluded.items or device_software.left_out <> excluded.left_out
       returning device_uid`,
      [
        deviceUid,
        software.map(({ name }) => name),
        software.map(({ version }) => version),
        software.map(({ architecture }) => architecture ?? ''),
        leftOut,
        at,
      ],
    );
    return changed.length > 0;
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
