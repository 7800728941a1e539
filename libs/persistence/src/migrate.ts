import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';

const PLUMBING = join(import.meta.dirname, '..', 'migrations');

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
  for (const [dir, table] of [
    [PLUMBING, 'plumbing_migration'],
    [options.folder, 'migration'],
  ] as const) {
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

/** The advisory lock of a schema: a number made of its name. */
function lockOf(schema: string): number {
  return createHash('sha256').update(`muster migration ${schema}`).digest().readInt32BE();
}
