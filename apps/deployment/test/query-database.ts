import { join } from 'node:path';
import { Database } from '@muster/persistence/database.js';
import { migrate } from '@muster/persistence/migrate.js';
import type { TestServers } from '@muster/testing/servers.js';

/** The tables of the service, without the service: what queries of collections ask. */
export async function openQueryDatabase(servers: TestServers): Promise<Database> {
  const url = servers.environment('deployment')['MUSTER_DATABASE_URL'] ?? '';
  const folder = join(import.meta.dirname, '../migrations');
  await migrate({ url, schema: 'deployment', folder, log: () => undefined });
  return new Database({ url, schema: 'deployment' });
}
