import type { DeviceVariable } from '@muster/contracts/kinds/variables.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** Values of hidden variables as this service has them: sealed to another. Names are in lower case. */
export class SealedVariableRepository {
  /** From now on the owner has these values and those of before that are still `wanted`. */
  async save(
    tx: Transaction,
    ownerUid: string,
    given: ReadonlyMap<string, string>,
    wanted: readonly string[],
  ): Promise<void> {
    await tx.query('delete from sealed_variable where owner_uid = $1 and name_key <> all($2::text[])', [
      ownerUid,
      [...wanted],
    ]);
    await tx.query(
      `insert into sealed_variable (owner_uid, name_key, sealed)
       select $1, name_key, sealed from unnest($2::text[], $3::text[]) as given (name_key, sealed)
       on conflict (owner_uid, name_key) do update set sealed = excluded.sealed`,
      [ownerUid, [...given.keys()], [...given.values()]],
    );
  }

  async read(tx: Transaction, ownerUid: string): Promise<Map<string, string>> {
    const rows = await tx.query<{ name_key: string; sealed: string }>(
      'select name_key, sealed from sealed_variable where owner_uid = $1',
      [ownerUid],
    );
    return new Map(rows.map((row) => [row.name_key, row.sealed]));
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
