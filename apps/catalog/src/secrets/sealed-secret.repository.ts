import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** Secrets of steps as this service has them: sealed to another. */
export class SealedSecretRepository {
  async add(tx: Transaction, secrets: ReadonlyMap<string, string>): Promise<void> {
    await tx.query(
      `insert into sealed_secret (name, sealed) select name, sealed from unnest($1::text[], $2::text[]) as given (name, sealed)
       on conflict do nothing`,
      [[...secrets.keys()], [...secrets.values()]],
    );
  }

  /** Those of these names that there are. */
  async find(database: Queryable, names: readonly string[]): Promise<Map<string, string>> {
    if (names.length === 0) return new Map();
    const rows = await database.query<{ name: string; sealed: string }>(
      'select name, sealed from sealed_secret where name = any($1::text[])',
      [[...names]],
    );
    return new Map(rows.map(({ name, sealed }) => [name, sealed]));
  }
}
