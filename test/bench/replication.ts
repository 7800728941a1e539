import 'reflect-metadata';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { leafUser } from '@muster/localsite/nats.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { startServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { newLinkKeyPem, Station } from '../../libs/replication/test/station.js';
import { Reader } from '../hierarchy/reader.js';
import { decodeLogically, logicalReplication, type BothWays } from './replication-baseline.js';
import { benchKind, MEASURED_KINDS } from './replication-kinds.js';
import { line, quantile, ratios, report, round, shown, spread } from './spread.js';

const help = `npm run bench:replication [-- --rows 100000 --rounds 3 --writes 300 --full]

Two sites with servers of their own on this machine, joined by leaf nodes, each read by a process of its own; a kind of object as simple
as may be.
  backlog   so many objects of about 450 bytes were written at each site while the other did not read: objects per second until all of
            them are in the other site, both ways at once. An object is two rows there: its replica, and one in the kind's own table.
            Goal: everything arrives, and at least 0.5 times the objects per second of PostgreSQL's own logical replication of the
            same two rows, with the same indexes and as durable commits, both ways at once between the same servers, in the same run
  latency   one write after the other: from its commit until a query at the other site finds it. Goal: 99 of 100 below 1 s
--kind deviceVariable | deviceState: instead, one by one beside many at once where the real deployment service takes in documents of
  devices with variables that a site above wrote, or tells the sites above of devices; in turns, no goal. --rows: devices, 5,000.
--rows: objects of each direction. --rounds: each with new sites; ratios are medians of them. --full: one round of 1,000,000.`;

/** Rows of one transaction of the writer, for both. */
const ROWS_IN_TRANSACTION = 1_000;
/** Of this many bytes is the text of an object. */
const TEXT_BYTES = 300;
const PATIENCE_MILLISECONDS = 3_600_000;

/** What was measured between two sites. */
interface Measured {
  readonly native: BothWays;
  readonly arrived: BothWays;
  readonly latency: { readonly p50: number; readonly p99: number; readonly highest: number };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kind: { type: 'string' },
      rows: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      writes: { type: 'string', default: '300' },
      full: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(help);
  if (values.kind !== undefined) {
    const kind = MEASURED_KINDS.find((one) => one === values.kind);
    if (!kind) throw new Error(`--kind ${values.kind}: it can be ${MEASURED_KINDS.join(' or ')}`);
    return benchKind(kind, Number(values.rows ?? 5_000), Number(values.rounds));
  }
  const rows = values.full ? 1_000_000 : Number(values.rows ?? 100_000);
  const count = values.full ? 1 : Number(values.rounds);
  const rounds: Measured[] = [];
  while (rounds.length < count) {
    const { native, arrived, latency } = await measure(rows, Number(values.writes));
    line('PostgreSQL, both ways at once: central to primary', `${native.down} objects/s`);
    line('PostgreSQL, both ways at once: primary to central', `${native.up} objects/s`);
    line('both ways at once: central to primary', `${arrived.down} objects/s`);
    line('both ways at once: primary to central', `${arrived.up} objects/s`);
    line('commit until it is visible', `median ${latency.p50} ms, p99 ${latency.p99} ms`);
    rounds.push({ native, arrived, latency });
  }
  const way = (name: keyof BothWays) =>
    ratios(
      rounds.map(({ arrived }) => arrived[name]),
      rounds.map(({ native }) => native[name]),
    );
  const [down, up] = [way('down'), way('up')];
  const latencies = rounds.map(({ latency }) => latency.p99);
  line('central to primary, times PostgreSQL', shown(down), 'goal ≥ 0.5');
  line('primary to central, times PostgreSQL', shown(up), 'goal ≥ 0.5');
  line('commit until it is visible, p99 in ms', shown(spread(latencies)), 'goal < 1,000');
  const ratio = round(Math.min(down.median, up.median));
  report(
    'replication',
    {
      rows,
      loadAverage: loadavg(),
      counted: 'objects of two rows (replica, and the row of its kind) of each direction, both ways at once',
      baseline: 'PostgreSQL logical replication of the same rows, both ways at once',
      ratio,
      ratios: { down, up },
      rounds,
    },
    { atLeastHalf: ratio >= 0.5, p99Below1s: Math.max(...latencies) < 1_000, backlogDrained: true },
  );
}

/** Both ways of moving the same objects, between two sites that are made for it. */
async function measure(rows: number, writes: number): Promise<Measured> {
  const hub = await startServers({ siteCode: 'CAS', links: { children: ['PR1'] }, store: false });
  const parent = { host: '127.0.0.1', port: hub.site.ports['nats-leaf']!, ...leafUser(hub.site.layout, 'PR1') };
  const leaf = await startServers({ siteCode: 'PR1', links: { parent }, store: false });
  const open: Station[] = [];
  const readers: Reader[] = [];
  try {
    for (const servers of [hub, leaf]) await decodeLogically(servers);
    const pems = [newLinkKeyPem(), newLinkKeyPem()] as const;
    const keys = [new LinkKey(pems[0]), new LinkKey(pems[1])] as const;
    // They write and look; who reads the other site is a process beside each.
    const central = await Station.open(hub, keys[0]);
    open.push(central);
    const primary = await Station.open(leaf, keys[1]);
    open.push(primary);
    const sites = [
      { code: 'CAS', kind: 'central', publicKey: keys[0].publicKey, revoked: false },
      { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: keys[1].publicKey, revoked: false },
    ] as const;
    for (const station of open) await station.know(...sites);
    await write(central, 'down', rows);
    await write(primary, 'up', rows);
    const native = await logicalReplication(hub, leaf, rows, ROWS_IN_TRANSACTION);
    readers.push(await Reader.open(hub, pems[0]));
    readers.push(await Reader.open(leaf, pems[1]));
    for (const reader of readers) reader.start();
    const arrived = await bothArrive(central, primary, rows);
    await until(async () => (await central.digest()) === (await primary.digest()), PATIENCE_MILLISECONDS);
    // The first comparison is over; the next one is due in an hour.
    for (const station of open) {
      await until(async () => (await station.links.list(station.database))[0]!.verifiedAt !== null);
    }
    return { native, arrived, latency: await measureLatency(central, primary, writes) };
  } finally {
    for (const reader of readers) reader.stop();
    for (const station of open) await station.close();
    await leaf.stop();
    await hub.stop();
  }
}

/** Objects of a site as its writers record them, many in a statement: what is measured is how they travel. */
async function write(station: Station, name: string, rows: number): Promise<void> {
  for (let first = 1; first <= rows; first += ROWS_IN_TRANSACTION) {
    const last = Math.min(rows, first + ROWS_IN_TRANSACTION - 1);
    await station.database.query(
      `with made as (
         insert into note select $1 || '-' || n, repeat(md5($1 || n), $5::int / 32) from generate_series($2::int, $3::int) n
         returning key, text
       )
       insert into replica (kind, key, data_class, site, stamp, basis, seen, content, schema_version)
       select 'Note', key, 'global', $4, stamp, '{}', jsonb_build_object($4::text, stamp), jsonb_build_object('text', text), 1
       from (select key, text, (extract(epoch from now()) * 1000000)::bigint + row_number() over () as stamp from made) made`,
      [name, first, last, station.site, TEXT_BYTES],
    );
  }
  await station.database.query('analyze');
}

/** Rows per second of each direction, both at once as sites are. */
async function bothArrive(central: Station, primary: Station, rows: number): Promise<BothWays> {
  const began = performance.now();
  const arrive = async (station: Station, name: string): Promise<number> => {
    // The feed has an order: behind its last object nothing is left.
    await until(async () => (await station.text(`${name}-${rows}`)) !== undefined, PATIENCE_MILLISECONDS);
    const perSecond = Math.round((rows / (performance.now() - began)) * 1_000);
    for (const table of ['replica', 'note']) {
      const sql = `select count(*) as count from ${table} where key like $1`;
      const [found] = await station.database.query<{ count: number }>(sql, [`${name}-%`]);
      if (found!.count !== rows) throw new Error(`${found!.count} objects arrived in ${table} instead of ${rows}`);
    }
    return perSecond;
  };
  const [down, up] = await Promise.all([arrive(primary, 'down'), arrive(central, 'up')]);
  return { down, up };
}

async function measureLatency(central: Station, primary: Station, writes: number) {
  const times: number[] = [];
  for (let n = 0; n < writes; n += 1) {
    const key = `latency-${n}`;
    await central.write(key, 'written');
    const began = performance.now();
    while ((await primary.text(key)) === undefined) await new Promise((resolve) => setImmediate(resolve));
    times.push(performance.now() - began);
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), highest: quantile(times, 1) };
}

await main();
