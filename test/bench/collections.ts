import 'reflect-metadata';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Outbox } from '@muster/persistence/outbox.js';
import { CollectionGraphRepository } from '../../apps/deployment/src/membership/collection-graph.repository.js';
import { Membership } from '../../apps/deployment/src/membership/membership.js';
import { MembershipRepository } from '../../apps/deployment/src/membership/membership.repository.js';
import { compileQuery } from '../../apps/deployment/src/membership/query-sql.js';
import type { SqlValue } from '@muster/persistence/database.js';
import { deviceName, deviceUid } from './device-uid.js';
import { SiteOfDevices } from './site-of-devices.js';
import { line, quantile, ratios, report, shown, spread } from './spread.js';

const help = `npm run bench:collections [-- --devices 150000 --collections 2000 --rounds 5 --changes 200]

  evaluation   a collection with a query that a third of the devices fits, saved over REST, beside the raw INSERT … SELECT of the same
               condition into a table like that of members, in turns. Goal: at most 1.5 times as long
  change       one fact of one device changes, and the collections that read it are looked at, in the transaction that the service makes
               of it; one collection in a hundred reads that fact. Goal: 99 of 100 below 100 ms
  change-all   the same when all of them read it`;

const QUERY = 'os.versionId == "12"';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      devices: { type: 'string', default: '150000' },
      collections: { type: 'string', default: '2000' },
      rounds: { type: 'string', default: '5' },
      changes: { type: 'string', default: '200' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(help);
  const [devices, collections, rounds, changes] = [
    values.devices,
    values.collections,
    values.rounds,
    values.changes,
  ].map(Number) as [number, number, number, number];
  const site = await SiteOfDevices.start();
  try {
    await site.addDevices(devices);
    const evaluation = await benchEvaluation(site, rounds);
    line('full evaluation, saved over REST', `${shown(evaluation.milliseconds)} ms`);
    line('raw INSERT … SELECT', `${shown(evaluation.raw)} ms`);
    line('ratio', shown(evaluation.ratio), 'goal ≤ 1.5');
    await addCollections(site, collections);
    const change = await benchChanges(site, changes, 'memoryMegabytes');
    line(`a fact that ${change.reading} of ${collections} collections read`, told(change), 'goal p99 < 100 ms');
    const changeAll = await benchChanges(site, Math.min(changes, 20), 'hostname');
    line(`a fact that ${changeAll.reading} of them read`, told(changeAll));
    report(
      'collections',
      { devices, collections, loadAverage: loadavg(), evaluation, change, changeAll },
      { evaluationAtMost1_5: evaluation.ratio.median <= 1.5, changeP99Below100ms: change.p99 < 100 },
    );
  } finally {
    await site.stop();
  }
}

async function benchEvaluation(site: SiteOfDevices, rounds: number) {
  const { deployment } = site.databases;
  const [ours, raw]: [number[], number[]] = [[], []];
  await deployment.query('create table raw_member (like collection_member including all)');
  for (let round = 0; round <= rounds; round += 1) {
    const { milliseconds } = await site.saveCollection(`evaluated-${round}`, { rules: [{ query: QUERY }] });
    const values: SqlValue[] = [deviceUid(round)];
    const { sql } = compileQuery(QUERY, (value) => `$${values.push(value)}`);
    const began = performance.now();
    await deployment.query(
      `insert into raw_member (collection_uid, device_uid) select $1::uuid, uid from device where coalesce(${sql}, false)`,
      values,
    );
    // The first round warms both up.
    if (round === 0) continue;
    raw.push(performance.now() - began);
    ours.push(milliseconds);
  }
  return { milliseconds: spread(ours), raw: spread(raw), ratio: ratios(ours, raw) };
}

/** Rows of collections as saving makes them, each with a query of its own; of a hundred one reads the memory, all the host name. */
async function addCollections(site: SiteOfDevices, count: number): Promise<void> {
  const { deployment } = site.databases;
  await deployment.query(
    `with made as (
       insert into collection (uid, name, resource_version, generation, spec, status)
       select gen_random_uuid(), 'many-' || n, nextval('resource_version'), 1, jsonb_build_object('rules', jsonb_build_array(
         jsonb_build_object('query', 'hostname == "host-' || n || '"' ||
           case when n % 100 = 0 then ' && memoryMegabytes > ' || n else '' end))), '{"members": 0}'
       from generate_series(1, $1::int) as n returning name
     ), hosts as (insert into collection_reads (collection, fact) select name, 'hostname' from made returning collection)
     insert into collection_reads (collection, fact)
     select collection, 'memoryMegabytes' from hosts where substring(collection from 6)::int % 100 = 0`,
    [count],
  );
  await deployment.query('analyze');
}

/** Changes of a fact of one device after the other, each in a transaction as the service makes it. */
async function benchChanges(site: SiteOfDevices, changes: number, fact: string) {
  const { deployment } = site.databases;
  const graph = new CollectionGraphRepository();
  const membership = new Membership(new MembershipRepository(), graph, new Outbox(site.site.siteCode));
  const times: number[] = [];
  for (let n = 0; n < changes + 3; n += 1) {
    const number = n * 7;
    const device = deviceUid(number);
    const began = performance.now();
    await deployment.transaction(async (tx) => {
      await membership.lock(tx);
      await tx.query(
        `update device set status = jsonb_set(status, $2::text[], $3::jsonb), resource_version = nextval('resource_version') where uid = $1`,
        [device, ['facts', fact], fact === 'hostname' ? JSON.stringify(`host-${n + 1}`) : String(8192 + n)],
      );
      await membership.factsChanged(tx, { uid: device, name: deviceName(number) }, [fact]);
    });
    if (n >= 3) times.push(performance.now() - began);
  }
  const reading = (await graph.reading(deployment, [fact])).length;
  return { reading, p50: quantile(times, 0.5), p99: quantile(times, 0.99), highest: quantile(times, 1) };
}

function told({ p50, p99, highest }: { p50: number; p99: number; highest: number }): string {
  return `median ${p50} ms, p99 ${p99} ms, highest ${highest} ms`;
}

await main();
