import 'reflect-metadata';
import { createSecretKey } from 'node:crypto';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { until } from '@muster/testing/until.js';
import { makeAccessToken } from '../../apps/policy/src/sessions/access-token.js';
import { deviceUid } from './device-uid.js';
import { SiteOfDevices } from './site-of-devices.js';
import { line, ratios, report, shown, spread } from './spread.js';

const help = `npm run bench:deploy [-- --devices 150000 --rounds 7]

A deployment to a collection of 1,000 devices and one to all of them, in turns, on a whole site:
  rows     written by all services, inserted, updated and deleted. Goal: within 1.2 times
  call     milliseconds until the deployment is acknowledged. Goal: within 1.2 times
  poll     milliseconds from then until a poll of a device is answered with it. Goal: below 1 s each`;

interface Deployed {
  readonly rows: number;
  readonly call: number;
  readonly poll: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      devices: { type: 'string', default: '150000' },
      rounds: { type: 'string', default: '7' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(help);
  const devices = Number(values.devices);
  const site = await SiteOfDevices.start();
  try {
    await site.addDevices(devices);
    await site.saveCollection('thousand', { rules: [{ query: 'hostname.startsWith("device-000")' }] });
    await site.untilPolicyKnowsAll();
    const resting = await findResting(site);
    const [small, large]: [Deployed[], Deployed[]] = [[], []];
    for (let round = 0; round <= Number(values.rounds); round += 1) {
      const one = await measure(site, resting, `to-thousand-${round}`, 'thousand', round);
      const all = await measure(site, resting, `to-all-${round}`, 'all-devices', 1000 + round);
      // The first round warms everything up.
      if (round === 0) continue;
      small.push(one);
      large.push(all);
    }
    const figures = Object.fromEntries(
      (['rows', 'call', 'poll'] as const).map((name) => {
        const [few, many] = [small.map((one) => one[name]), large.map((one) => one[name])];
        return [name, { thousand: spread(few), all: spread(many), ratio: ratios(many, few) }];
      }),
    ) as Record<
      keyof Deployed,
      { thousand: ReturnType<typeof spread>; all: ReturnType<typeof spread>; ratio: ReturnType<typeof spread> }
    >;
    for (const [name, { thousand, all, ratio }] of Object.entries(figures)) {
      const unit = name === 'rows' ? '' : ' ms';
      line(`${name}, 1,000 devices`, `${shown(thousand)}${unit}`);
      line(`${name}, ${devices.toLocaleString('en-US')} devices`, `${shown(all)}${unit}`);
      line(`${name}, ratio`, shown(ratio), name === 'poll' ? 'goal: each below 1,000 ms' : 'goal ≤ 1.2');
    }
    report(
      'deploy',
      { devices, loadAverage: loadavg(), ...figures },
      {
        rowsWithin1_2: figures.rows.ratio.median <= 1.2,
        callWithin1_2: figures.call.ratio.median <= 1.2,
        pollBelow1s: Math.max(figures.poll.thousand.high, figures.poll.all.high) < 1000,
      },
    );
  } finally {
    await site.stop();
  }
}

/** @param device a member whose poll is watched */
async function measure(
  site: SiteOfDevices,
  resting: ReadonlySet<string>,
  name: string,
  collection: string,
  device: number,
): Promise<Deployed> {
  const secret = createSecretKey(Buffer.from(site.sessionSecret, 'base64'));
  const token = makeAccessToken(secret, site.site.siteCode, deviceUid(device), new Date(Date.now() + 600_000));
  const poll = async (tag: string): Promise<{ status: number; tag: string }> => {
    const answer = await fetch(`http://127.0.0.1:${site.port('policy-http')}/api/v1/agent/policy`, {
      headers: { authorization: `Bearer ${token}`, 'if-none-match': tag },
    });
    await answer.arrayBuffer();
    return { status: answer.status, tag: answer.headers.get('etag') ?? '' };
  };
  const { tag } = await poll('"none"');
  const before = await settledRows(site, resting);
  const { milliseconds: call } = await site.deploy(name, { collection });
  const began = performance.now();
  await until(async () => (await poll(tag)).status === 200);
  const took = performance.now() - began;
  await site.untilPolicyKnowsAll();
  return { rows: (await settledRows(site, resting)) - before, call, poll: took };
}

/** Rows that were ever written to each table. */
async function rowsByTable(site: SiteOfDevices): Promise<Map<string, number>> {
  const rows = await site.databases.deployment.query<{ name: string; rows: number }>(
    `select schemaname || '.' || relname as name, n_tup_ins + n_tup_upd + n_tup_del as rows from pg_stat_user_tables`,
  );
  return new Map(rows.map(({ name, rows: count }) => [name, count]));
}

/** Tables that are written while nothing happens, once in a while, for all that is going on: they belong to no deployment. */
async function findResting(site: SiteOfDevices): Promise<ReadonlySet<string>> {
  const before = await rowsByTable(site);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const after = await rowsByTable(site);
  return new Set([...after].filter(([name, rows]) => rows === before.get(name)).map(([name]) => name));
}

/** Rows that were ever written to these tables, once the servers' own counting has come to rest. */
async function settledRows(site: SiteOfDevices, resting: ReadonlySet<string>): Promise<number> {
  const read = async (): Promise<number> =>
    [...(await rowsByTable(site))].reduce((sum, [name, rows]) => sum + (resting.has(name) ? rows : 0), 0);
  let rows = await read();
  let since = Date.now();
  // A connection that has nothing to do tells its counts after 10 s at the latest (PGSTAT_IDLE_INTERVAL): sooner, rows of one
  // deployment would be counted with the next one.
  await until(async () => {
    const now = await read();
    if (now !== rows) since = Date.now();
    rows = now;
    return Date.now() - since > 11_000;
  });
  return rows;
}

await main();
