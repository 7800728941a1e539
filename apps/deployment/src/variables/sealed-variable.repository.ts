import type { DeviceVariable } from '@muster/contracts/kinds/variables.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** Values of hidden variables as this service has them: sealed to another. Names are in lower case. */
export class SealedVariableRepository {
  /** From now on each owner has these values and those of before that are still `wanted`. */
  async save(
    tx: Transaction,
    owners: readonly {
      readonly ownerUid: string;
      readonly given: ReadonlyMap<string, string>;
      readonly wanted: readonly string[];
    }[],
  ): Promise<void> {
    const wanted = owners.flatMap(({ ownerUid, wanted: names }) => names.map((name) => [ownerUid, name] as const));
    await tx.query(
      `delete from sealed_variable where owner_uid = any ($1::uuid[]) and not exists (
         select 1 from unnest($2::uuid[], $3::text[]) as wanted (uid, name) where uid = owner_uid and name = name_key)`,
      [owners.map(({ ownerUid }) => ownerUid), wanted.map(([uid]) => uid), wanted.map(([, name]) => name)],
    );
    const given = owners.flatMap(({ ownerUid, given: values }) =>
      [...values].map(([name, sealed]) => [ownerUid, name, sealed] as const),
    );
    if (given.length === 0) return;
    await tx.query(
      `insert into sealed_variable (owner_uid, name_key, sealed)
       select owner_uid, name_key, sealed from unnest($1::uuid[], $2::text[], $3::text[]) as given (owner_uid, name_key, sealed)
       on conflict (owner_uid, name_key) do update set sealed = excluded.sealed`,
      [given.map(([uid]) => uid), given.map(([, name]) => name), given.map(([, , sealed]) => sealed)],
    );
  }

  /** By owner, then by name; who has none is left out. */
  async read(tx: Transaction, ownerUids: readonly string[]): Promise<Map<string, Map<string, string>>> {
    const rows = await tx.query<{ owner_uid: string; name_key: string; sealed: string }>(
      'select owner_uid, name_key, sealed from sealed_variable where owner_uid = any ($1::uuid[])',
      [[...ownerUids]],
    );
    return new Map(
      [...Map.groupBy(rows, (row) => row.owner_uid)].map(([uid, own]) => [
        uid,
        new Map(own.map((row) => [row.name_key, row.sealed])),
      ]),
    );
  }

  /** The hidden variables of an owner as they are now: when the value was given, and the value, sealed. By name in lower case. */
  async current(
    database: Queryable,
    kind: 'Device' | 'Collection',
    name: string,
  ): Promise<Map<string, { setAt: string; sealed: string }>> {
    const table = kind === 'Device' ? 'device' : 'collection';
    const rows = await database.query<{ one: DeviceVariable; sealed: string; key: string }>(
      `select one.value as one, sealed_variable.sealed, sealed_variable.name_key as key
       from ${table} as owner
         cross join lateral jsonb_array_elements(coalesce(owner.spec -> 'variables', '[]')) as one (value)
         join sealed_variable on owner_uid = owner.uid and name_key = lower(one.value ->> 'name')
       where owner.name = $1`,
      [name],
    );
    return new Map(
      rows.flatMap(({ one: { setAt }, sealed, key }) => (setAt ? [[key, { setAt, sealed }] as const] : [])),
    );
  }

  /** The owner goes on under another uid. */
  async move(tx: Transaction, fromUid: string, toUid: string): Promise<void> {
    await tx.query('update sealed_variable set owner_uid = $2 where owner_uid = $1', [fromUid, toUid]);
  }

  async remove(tx: Transaction, ownerUid: string): Promise<void> {
    await tx.query('delete from sealed_variable where owner_uid = $1', [ownerUid]);
  }
}
