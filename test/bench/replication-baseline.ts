import { Client } from 'pg';
import { siteDatabase } from '@muster/localsite/databases.js';
import { adminUrl, postgresChild } from '@muster/localsite/postgres.js';
import { postgresPrograms } from '@muster/localsite/postgres-programs.js';
import type { TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';

/** Objects per second of each direction. */
export interface BothWays {
  readonly down: number;
  readonly up: number;
}

type Direction = keyof BothWays;

/** Every row that an object is in the site that receives it. */
const TABLES = ['replica', 'note'] as const;
const COLUMNS = {
  replica:
    'kind, key, data_class, owner, site, stamp, basis, seen, content, schema_version, via, transaction, sequence',
  note: 'key, text',
} as const;
const PATIENCE_MILLISECONDS = 3_600_000;

/** Logical replication needs more in the log than a site has there; a server takes the setting at its start. */
export async function decodeLogically({ site }: TestServers): Promise<void> {
  const port = site.ports['postgres']!;
  const client = new Client({ connectionString: adminUrl(site.layout, port, siteDatabase) });
  await client.connect();
  await client.query(`alter system set wal_level = 'logical'`);
  await client.end();
  await site.supervisor.stop('postgres');
  await site.supervisor.start(postgresChild(site.layout, await postgresPrograms(), port));
}

/**
 * What PostgreSQL itself makes of the same work, between the same servers: the same rows of the same tables with the same indexes,
 * generated columns and keys, written in transactions of the same size while nobody reads, then applied both ways at once, each
 * commit as durable as one of a site.
 *
 * @param names of the objects of each direction: `NAME-1` to `NAME-rows`, which stand in the tables of the site that sends
 */
export async function logicalReplication(
  central: TestServers,
  primary: TestServers,
  rows: number,
  rowsInTransaction: number,
): Promise<BothWays> {
  const clients = { central: await admin(central), primary: await admin(primary) };
  const ways = {
    down: { name: 'down', from: clients.central, source: central, to: clients.primary },
    up: { name: 'up', from: clients.primary, source: primary, to: clients.central },
  } as const;
  try {
    for (const way of Object.values(ways)) await prepare(way, rows, rowsInTransaction);
    for (const client of Object.values(clients)) await client.query('checkpoint');
    const began = performance.now();
    const arrive = async ({ name, to }: Way): Promise<number> => {
      await to.query(`alter subscription ${name} enable`);
      for (const table of TABLES) {
        const sql = `select from public.${name}_${table} where key = $1`;
        await until(async () => (await to.query(sql, [`${name}-${rows}`])).rowCount === 1, PATIENCE_MILLISECONDS);
      }
      const perSecond = Math.round((rows / (performance.now() - began)) * 1_000);
      for (const table of TABLES) await requireCount(to, `public.${name}_${table}`, rows);
      return perSecond;
    };
    const [down, up] = await Promise.all([arrive(ways.down), arrive(ways.up)]);
    for (const way of Object.values(ways)) await clear(way);
    // Nobody pays for the writes of the other one.
    for (const client of Object.values(clients)) await client.query('checkpoint');
    return { down, up };
  } finally {
    for (const client of Object.values(clients)) await client.end();
  }
}

interface Way {
  readonly name: Direction;
  readonly from: Client;
  readonly source: TestServers;
  readonly to: Client;
}

async function prepare({ name, from, source, to }: Way, rows: number, rowsInTransaction: number): Promise<void> {
  for (const client of [from, to]) {
    for (const table of TABLES) {
      await client.query(`create table public.${name}_${table} (like catalog.${table} including all)`);
    }
  }
  await from.query(
    `create publication ${name} for table ${TABLES.map((table) => `public.${name}_${table}`).join(', ')}`,
  );
  await from.query(`select pg_create_logical_replication_slot('${name}', 'pgoutput')`);
  await to.query(
    `create subscription ${name} connection '${adminUrl(source.site.layout, source.site.ports['postgres']!, siteDatabase)}'
       publication ${name} with (create_slot = false, slot_name = '${name}', copy_data = false, enabled = false, synchronous_commit = on)`,
  );
  for (let first = 1; first <= rows; first += rowsInTransaction) {
    await from.query('begin');
    for (const table of TABLES) {
      await from.query(
        `insert into public.${name}_${table} (${COLUMNS[table]}) select ${COLUMNS[table]} from catalog.${table}
         where key = any (select '${name}-' || n from generate_series($1::int, $2::int) n)`,
        [first, Math.min(rows, first + rowsInTransaction - 1)],
      );
    }
    await from.query('commit');
  }
}

async function clear({ name, from, to }: Way): Promise<void> {
  await to.query(`drop subscription ${name}`);
  await from.query(`drop publication ${name}`);
  for (const client of [from, to]) {
    for (const table of TABLES) await client.query(`drop table public.${name}_${table}`);
  }
}

async function requireCount(client: Client, table: string, rows: number): Promise<void> {
  const { rows: counted } = await client.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  if (counted[0]!.count !== rows) throw new Error(`${counted[0]!.count} rows arrived in ${table} instead of ${rows}`);
}

/** As the owner of the server: only who is that may make subscriptions. */
async function admin({ site }: TestServers): Promise<Client> {
  const client = new Client({ connectionString: adminUrl(site.layout, site.ports['postgres']!, siteDatabase) });
  await client.connect();
  return client;
}
