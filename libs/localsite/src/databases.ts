import { Client } from 'pg';
import { keptSecret } from './keys.js';
import type { SiteLayout } from './layout.js';
import { adminUrl, databaseUrl } from './postgres.js';

/** The site's database. */
export const siteDatabase = 'muster';

/** Connection string of one service: its own role, which owns the schema of the same name and sees no other. */
export function serviceDatabaseUrl(layout: SiteLayout, port: number, service: string): string {
  return databaseUrl(service, rolePassword(layout, service), port, siteDatabase);
}

/**
 * Makes the database, and a role with a schema per service, where missing. Services are the house's own names, never user input.
 * A role reaches its own schema only: nothing is granted to PUBLIC.
 */
export async function prepareDatabases(layout: SiteLayout, port: number, services: readonly string[]): Promise<void> {
  await withAdmin(layout, port, 'postgres', async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [siteDatabase]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${siteDatabase}`);
    await client.query(`REVOKE ALL ON DATABASE ${siteDatabase}, postgres, template1 FROM PUBLIC`);
  });
  await withAdmin(layout, port, siteDatabase, async (client) => {
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    const roles = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [
      services,
    ]);
    const existing = new Set(roles.rows.map((row) => row.rolname));
    for (const service of services) {
      const verb = existing.has(service) ? 'ALTER' : 'CREATE';
      const password = rolePassword(layout, service);
      await client.query(`${verb} ROLE "${service}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}'`);
      await client.query(`CREATE SCHEMA IF NOT EXISTS "${service}" AUTHORIZATION "${service}"`);
      // CREATE lets a service's own migrations say CREATE SCHEMA IF NOT EXISTS; it opens no other service's schema.
      await client.query(`GRANT CONNECT, TEMPORARY, CREATE ON DATABASE ${siteDatabase} TO "${service}"`);
      await client.query(`ALTER ROLE "${service}" IN DATABASE ${siteDatabase} SET search_path TO "${service}"`);
    }
  });
}

function rolePassword(layout: SiteLayout, service: string): string {
  return keptSecret(layout.keys, `postgres-${service}`);
}

async function withAdmin(
  layout: SiteLayout,
  port: number,
  database: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ connectionString: adminUrl(layout, port, database), connectionTimeoutMillis: 10_000 });
  // A server that is stopped in the middle fails the query under way; the connection's own error would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
