import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import type { Queryable } from './database.js';

const PLUMBING = join(import.meta.dirname, '..', 'migrations');

/** The folders of a service's migrations in their order, each with the table that keeps which of its files ran. */
function sources(own: string): readonly (readonly [folder: string, table: string])[] {
  return [
    [PLUMBING, 'plumbing_migration'],
    [own, 'migration'],
  ];
}

/**
 * Brings a service's schema up to date: first the tables that every service has, then its own.
 * Safe to call from several replicas at once (advisory lock) and twice (each file runs once).
 *
 * @param options.folder the service's own migrations: `NNNN_name.sql`, run in order, never edited after release
 * @param options.log one line per migration that ran
 */
export async function migrate(options: {
  url: string;
  schema: string;
  folder: string;
  log: (line: string) => void;
}): Promise<void> {
  for (const [dir, table] of sources(options.folder)) {
    const done = await runner({
      databaseUrl: options.url,
      dir,
      migrationsTable: table,
      schema: options.schema,
      migrationsSchema: options.schema,
      direction: 'up',
      checkOrder: true,
      // Replicas wait for each other; services do not: each has its own schema.
      advisoryLockMode: 'wait',
      lockValue: lockOf(options.schema),
      log: () => undefined,
      logger: { debug: () => undefined, info: () => undefined, warn: options.log, error: options.log },
    });
    for (const { name } of done) options.log(`migrated ${options.schema}: ${name}`);
  }
}

/**
 * Names of the migrations that this program knows and the schema does not have yet. A schema that is ahead of the program
 * has none: the release before still runs on it.
 *
 * @param database a connection whose search path is the service's schema
 */
export async function pendingMigrations(database: Queryable, folder: string): Promise<string[]> {
  const pending: string[] = [];
  for (const [dir, table] of sources(folder)) {
    const known = readdirSync(dir)
      .filter((file) => file.endsWith('.sql'))
      .map((file) => file.slice(0, -'.sql'.length))
      .sort();
    const [found] = await database.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [table]);
    const ran = found?.exists ? await database.query<{ name: string }>(`select name from ${table}`) : [];
    const names = new Set(ran.map((row) => row.name));
    pending.push(...known.filter((name) => !names.has(name)));
  }
  return pending;
}

/** The advisory lock of a schema: a number made of its name. */
function lockOf(schema: string): number {
  return createHash('sha256').update(`muster migration ${schema}`).digest().readInt32BE();
}
