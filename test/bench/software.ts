import 'reflect-metadata';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { serviceDatabaseUrl } from '@muster/localsite/databases.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { CollectionGraphRepository } from '../../apps/deployment/src/membership/collection-graph.repository.js';
import { Membership } from '../../apps/deployment/src/membership/membership.js';
import { MembershipRepository } from '../../apps/deployment/src/membership/membership.repository.js';
import { SOFTWARE_TOLD } from '../../apps/deployment/src/membership/software-reads.js';
import { SoftwareRepository } from '../../apps/deployment/src/software/software.repository.js';
import type { SoftwareEntry } from '@muster/sequence/conditions/software-schema.js';
import { deviceName, deviceUid, deviceUidSql } from './device-uid.js';
import { SiteOfDevices } from './site-of-devices.js';
import { line, quantile, report, shown, spread } from './spread.js';

const help = `npm run bench:software [-- --devices 150000 --packages 500 --collections 50 --rounds 5 --changes 200]

  evaluation   a collection with a query for a version of a package, or for a part of a name, saved over REST over all devices
  change       20 packages of one device are updated, and the collections that read software are looked at, in the transaction that the
               service makes of it. Goal: 99 of 100 below 100 ms
  first        all packages of a device that had told nothing yet
  room         what the tables and their indexes take`;

const AT_ONCE = 10_000;
/** Versions that there are of each package. */
const VERSIONS = 40;
const QUERIES = {
  version: 'software.exists(s, s.name == "package-7" && s.version == "1.2.3")',
  part: 'software.exists(s, s.name.contains("kage-77") && s.version.startsWith("1.3"))',
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      devices: { type: 'string', default: '150000' },
      packages: { type: 'string', default: '500' },
      collections: { type: 'string', default: '50' },
      rounds: { type: 'string', default: '5' },
      changes: { type: 'string', default: '200' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(help);
  const [devices, packages, collections, rounds, changes] = [
    values.devices,
    values.packages,
    values.collections,
    values.rounds,
    values.changes,
  ].map(Number) as [number, number, number, number, number];
  const site = await SiteOfDevices.start();
  try {
    await site.addDevices(devices);
    await addSoftware(site, devices, packages);
    const room = await roomOf(site);
    line('tables and indexes', `${room.megabytes} MiB`, `${room.entries} entries of software`);
    const evaluation: Record<string, unknown> = {};
    for (const [name, query] of Object.entries(QUERIES)) {
      const times: number[] = [];
      for (let round = 0; round < rounds; round += 1)
        times.push((await site.saveCollection(`${name}-${round}`, { rules: [{ query }] })).milliseconds);
      evaluation[name] = spread(times);
      line(`saved: ${query}`, `${shown(spread(times))} ms`);
    }
    for (let n = 0; n < collections; n += 1)
      await site.saveCollection(`many-${n}`, {
        rules: [{ query: `software.exists(s, s.name.contains("kage-${n}x"))` }],
      });
    const change = await benchChanges(site, packages, changes);
    line(`20 packages updated, ${change.reading} collections read software`, told(change.updates), 'goal p99 < 100 ms');
    line(`${packages} packages told for the first time`, told(change.first));
    report(
      'software',
      { devices, packages, collections, loadAverage: loadavg(), room, evaluation, change },
      { changeP99Below100ms: change.updates.p99 < 100 },
    );
  } finally {
    await site.stop();
  }
}

/**
 * Each device has every package, in one of its versions. In bulk: the index over what they have is made when all rows are there, in some
 * memory, and not for each row; and no statement is ended for being long, as those of a service are.
 */
async function addSoftware(site: SiteOfDevices, devices: number, packages: number): Promise<void> {
  const url = serviceDatabaseUrl(site.site.layout, site.port('postgres'), 'deployment');
  // One connection: what is set stays set.
  const loader = new Database({ url, schema: 'deployment', maximumConnections: 1 });
  try {
    await loader.query('set statement_timeout = 0');
    await loader.query(`set maintenance_work_mem = '512MB'`);
    const began = performance.now();
    const tell = async (what: string): Promise<void> => {
      const [row] = await loader.query<{ table: number; index: number }>(
        `select (pg_table_size('device_software') / 1048576)::int as table, (pg_indexes_size('device_software') / 1048576)::int as index`,
      );
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      line(`  ${what}`, `${seconds} s`, `table ${row?.table} MiB, indexes ${row?.index} MiB`);
    };
    await loader.query(
      `insert into software (name, version, architecture)
       select 'package-' || p, '1.' || (v % 10) || '.' || (v / 10 + 3), 'amd64'
       from generate_series(0, $1::int - 1) as p, generate_series(0, $2::int - 1) as v order by p, v`,
      [packages, VERSIONS],
    );
    const [index] = await loader.query<{ made: string }>(
      `select pg_get_indexdef('device_software_items'::regclass) as made`,
    );
    await loader.query('drop index device_software_items');
    for (let from = 0; from < devices; from += AT_ONCE) {
      const next = Math.min(devices, from + AT_ONCE);
      await loader.query(
        `insert into device_software (device_uid, items, left_out, changed_at)
         select ${deviceUidSql('n')}, (
           select array_agg(1 + p * $3::int + (n + p * 7) % $3::int order by p) from generate_series(0, $4::int - 1) as p), 0, now()
         from generate_series($1::int, $2::int) as n`,
        [from, next - 1, VERSIONS, packages],
      );
      if (next === devices || next % (5 * AT_ONCE) === 0) await tell(`${next.toLocaleString('en-US')} devices loaded`);
    }
    await loader.query(index?.made ?? '');
    await tell('index over what they have made');
    await loader.query('vacuum analyze software, device_software');
    await tell('tables analysed');
  } finally {
    await loader.close();
  }
}

async function roomOf(site: SiteOfDevices): Promise<{ megabytes: number; entries: number }> {
  const [row] = await site.databases.deployment.query<{ megabytes: number; entries: number }>(
    `select ((pg_total_relation_size('software') + pg_total_relation_size('device_software')) / 1048576)::int as megabytes,
       (select count(*)::int from software) as entries`,
  );
  if (!row) throw new Error('no answer');
  return row;
}

/**
 * Updates of one device after the other, each in a transaction as the service makes it; and, of others, all that they have, told for the
 * first time.
 */
async function benchChanges(site: SiteOfDevices, packages: number, changes: number) {
  const { deployment } = site.databases;
  const [graph, software] = [new CollectionGraphRepository(), new SoftwareRepository()];
  const membership = new Membership(new MembershipRepository(), graph, new Outbox(site.site.siteCode));
  const [updates, first]: [number[], number[]] = [[], []];
  const tell = async (number: number, now: readonly SoftwareEntry[]): Promise<number> => {
    const device = { uid: deviceUid(number), name: deviceName(number) };
    const began = performance.now();
    await deployment.transaction(async (tx) => {
      await membership.lock(tx);
      const change = await software.replace(tx, device.uid, { software: now, leftOut: 0 }, new Date().toISOString());
      if (change) await membership.softwareChanged(tx, device, change);
    });
    return performance.now() - began;
  };
  for (let n = 0; n < changes + 3; n += 1) {
    const before = (await software.read(deployment, deviceUid(n * 7)))?.software ?? [];
    if (before.length !== packages) throw new Error(`${deviceName(n * 7)} has ${before.length} packages`);
    const now = before.map((one, index) => (index % Math.ceil(packages / 20) === 0 ? { ...one, version: '2.0' } : one));
    const took = await tell(n * 7, now);
    if (n >= 3) updates.push(took);
    if (n % 4 !== 3) continue;
    await deployment.transaction((tx) => software.forget(tx, deviceUid(n * 7 + 1)));
    first.push(await tell(n * 7 + 1, before));
  }
  const reading = (await graph.reading(deployment, [SOFTWARE_TOLD])).length;
  return { reading, updates: times(updates), first: times(first) };
}

function times(all: readonly number[]) {
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99), highest: quantile(all, 1) };
}

function told({ p50, p99, highest }: { p50: number; p99: number; highest: number }): string {
  return `median ${p50} ms, p99 ${p99} ms, highest ${highest} ms`;
}

await main();
