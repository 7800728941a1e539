import 'reflect-metadata';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Database } from '@muster/persistence/database.js';
import { serviceDatabaseUrl } from '@muster/localsite/databases.js';
import { until } from '@muster/testing/until.js';
import { makeAccessToken } from '../../apps/policy/src/sessions/access-token.js';
import { deviceUid } from './device-uid.js';
import { reconnect } from './reconnect-load.js';
import { type ReportLoad, reportsOfRun, sendReports } from './report-load.js';
import { SiteOfDevices } from './site-of-devices.js';
import { ProcessorBill, type ProcessorTimes, processorTimes } from './processor-times.js';
import { line, quantile, ratios, report, round, shown, spread } from './spread.js';

const help = `npm run bench:status [-- --devices 50000 --seconds 3 --rounds 5 --runs 20,500 --agents 50000]

What agents tell, and all of them coming back, with a whole site and the clients on this machine:
  events     reports of steps per second that policy acknowledged, which it does behind the commit, a run in each
             request, beside raw batches of as many rows into the same table over as many connections, in turns.
             --runs: reports of a run. Goal: at least 0.5 times as many
  arrival    reports per second until the deployment service has derived the runs from them, how long that takes
             behind the last acknowledgement, and what processor time each process took for 1,000 reports. While a
             crowd reports, deriving waits for at most 5 s: longer --seconds tell what is carried without end
  reconnect  --agents that connect within a second, open a session each and poll. Goal: every process lives on, and
             99 of 100 are served within 60 s
Memory is the highest of all processes while the agents come back.`;

/** As many as the service has to its database. */
const CONNECTIONS = 10;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      devices: { type: 'string', default: '50000' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '5' },
      runs: { type: 'string', default: '20,500' },
      agents: { type: 'string', default: '50000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(help);
  const [devices, seconds, rounds, agents] = [values.devices, values.seconds, values.rounds, values.agents].map(
    Number,
  ) as [number, number, number, number];
  if (agents > devices) throw new Error('There must be at least as many --devices as --agents');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const site = await SiteOfDevices.start();
  try {
    await site.addDevices(devices, publicKey.export({ format: 'jwk' }));
    const { resource } = await site.deploy('to-all', { collection: 'all-devices' });
    await site.untilPolicyKnowsAll();
    const events: Record<string, Awaited<ReturnType<typeof compareIntake>>> = {};
    for (const reportsPerRun of values.runs.split(',').map(Number)) {
      events[reportsPerRun] = await compareIntake(site, rounds, {
        port: site.port('policy-http'),
        site: site.site.siteCode,
        secret: site.sessionSecret,
        devices,
        deploymentUid: resource.metadata.uid,
        connections: 2 * CONNECTIONS,
        reportsPerRun,
        seconds,
      });
    }
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const back = await allComeBack(site, agents, pem.toString());
    report(
      'status',
      { devices, loadAverage: loadavg(), events, reconnect: back },
      {
        eventsAtLeastHalf: Object.values(events).every(({ ratio }) => ratio.median >= 0.5),
        nothingCrashed: back.crashed.length === 0,
        served99Within60s: back.servedWithin60s >= 0.99 * agents,
      },
    );
  } finally {
    await site.stop();
  }
}

/** The door and raw inserts in turns; nothing is left to derive while either is measured. */
async function compareIntake(site: SiteOfDevices, rounds: number, load: ReportLoad) {
  const [ours, theirs, arrivals, behind]: [number[], number[], number[], number[]] = [[], [], [], []];
  const [intake, deriving] = [new ProcessorBill(), new ProcessorBill()];
  const times = (): ProcessorTimes => processorTimes(site.site.supervisor.pids());
  for (let turn = 0; turn <= rounds; turn += 1) {
    const before = await finishedRuns(site);
    const [began, start] = [performance.now(), times()];
    const { runs, seconds } = await sendReports(load);
    const [sent, taken] = [performance.now(), times()];
    await until(async () => (await finishedRuns(site)) >= before + runs, 600_000);
    const [arrived, derived] = [performance.now(), times()];
    const raw = await insertRaw(site, load);
    // The first round warms everything up.
    if (turn === 0) continue;
    const reports = runs * load.reportsPerRun;
    ours.push(reports / seconds);
    arrivals.push((1000 * reports) / (arrived - began));
    behind.push((arrived - sent) / 1000);
    theirs.push(raw);
    intake.add(start, taken, reports / 1000);
    deriving.add(taken, derived, reports / 1000);
  }
  const result = {
    perSecond: spread(ours),
    rawPerSecond: spread(theirs),
    ratio: ratios(ours, theirs),
    derivedPerSecond: spread(arrivals),
    secondsBehind: spread(behind),
    processorMilliseconds: { intake: intake.perUnit(), deriving: deriving.perUnit() },
  };
  line(`reports committed, ${load.reportsPerRun} a request`, `${shown(result.perSecond)} /s`);
  line('raw batches of as many', `${shown(result.rawPerSecond)} /s`);
  line('ratio', shown(result.ratio), 'goal ≥ 0.5');
  line('reports derived into runs, from the first sent on', `${shown(result.derivedPerSecond)} /s`);
  line('until the last is derived after it was acknowledged', `${shown(result.secondsBehind)} s`);
  line('processor time of 1,000 reports while they are sent', inWords(intake.perUnit()));
  line('  and after that', inWords(deriving.perUnit()));
  return result;
}

function inWords(times: ProcessorTimes): string {
  const total = Object.values(times).reduce((sum, time) => sum + time, 0);
  const each = Object.entries(times).map(([name, time]) => `${name} ${time.toFixed(1)}`);
  return `${total.toFixed(0)} ms: ${each.join(', ')}`;
}

async function finishedRuns(site: SiteOfDevices): Promise<number> {
  const [row] = await site.databases.deployment.query<{ count: number }>(
    'select count(*)::int as count from run where end_number is not null',
  );
  return row?.count ?? 0;
}

/** Rows per second of batches into the table in which policy keeps reports, each in a transaction of its own. */
async function insertRaw(site: SiteOfDevices, load: ReportLoad): Promise<number> {
  const url = serviceDatabaseUrl(site.site.layout, site.site.ports['postgres'] ?? 0, 'policy');
  const database = new Database({ url, schema: 'policy', maximumConnections: CONNECTIONS });
  try {
    // A run may have any number of reports: one for each connection is enough to refer to.
    const runs = await database.query<{ runId: string }>(
      `insert into reported_run (run_id, device_uid, deployment_uid)
       select gen_random_uuid(), $1, $2 from generate_series(1, $3::int) returning run_id as "runId"`,
      [deviceUid(0), load.deploymentUid, CONNECTIONS],
    );
    let rows = 0;
    const began = performance.now();
    await Promise.all(
      runs.map(async ({ runId }) => {
        for (let from = 0; performance.now() - began < load.seconds * 1000; from += load.reportsPerRun) {
          const reports = reportsOfRun(runId, load.reportsPerRun);
          await database.query(
            'insert into report (run_id, number, payload) select * from unnest($1::uuid[], $2::int[], $3::jsonb[])',
            [
              reports.map(() => runId),
              reports.map(({ number }) => from + number),
              reports.map((one) => JSON.stringify(one)),
            ],
          );
          rows += reports.length;
        }
      }),
    );
    return rows / ((performance.now() - began) / 1000);
  } finally {
    await database.close();
  }
}

async function allComeBack(site: SiteOfDevices, agents: number, privateKey: string) {
  const pids = site.site.supervisor.pids();
  const tag = await readTag(site);
  let memory = site.memory();
  let watching: NodeJS.Timeout | undefined;
  const load = {
    port: site.port('policy-http'),
    site: site.site.siteCode,
    privateKey,
    tag,
    agents,
    withinMilliseconds: 1000,
    mostSeconds: 180,
  };
  const { latencies, failures } = await reconnect(load, 4, () => {
    watching = setInterval(() => (memory = highest(memory, site.memory())), 2000);
  });
  clearInterval(watching);
  const after = site.site.supervisor.pids();
  const crashed = Object.keys(pids).filter((name) => pids[name] !== after[name]);
  const seconds = latencies.map((one) => one / 1000);
  const memoryTotal = Object.values(memory).reduce((sum, one) => sum + one, 0);
  const servedWithin60s = seconds.filter((one) => one <= 60).length;
  // Who was never served counts as the slowest.
  const unserved = Array<number>(agents - seconds.length).fill(Infinity);
  const p99 = quantile([...seconds, ...unserved], 0.99);
  const result = {
    agents,
    served: latencies.length,
    servedWithin60s,
    p50Seconds: quantile(seconds, 0.5),
    p99Seconds: p99,
    servedPerSecond: round(latencies.length / quantile(seconds, 1)),
    failedAttempts: failures,
    crashed,
    memory,
    memoryTotal,
  };
  line(
    `${agents} agents come back within a second`,
    `${result.served} served, ${servedWithin60s} within 60 s`,
    'goal: 99 of 100',
  );
  line('', `median ${result.p50Seconds} s, p99 ${p99} s`);
  line('attempts that failed and were made again', JSON.stringify(failures));
  line('processes that ended', crashed.join(', ') || 'none', 'goal: none');
  line('memory', `${memoryTotal} MiB, policy ${memory['policy'] ?? 0}`);
  return result;
}

async function readTag(site: SiteOfDevices): Promise<string> {
  const secret = createSecretKey(Buffer.from(site.sessionSecret, 'base64'));
  const token = makeAccessToken(secret, site.site.siteCode, deviceUid(0), new Date(Date.now() + 600_000));
  const answer = await fetch(`http://127.0.0.1:${site.port('policy-http')}/api/v1/agent/policy`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await answer.arrayBuffer();
  const tag = answer.headers.get('etag');
  if (answer.status !== 200 || tag === null) throw new Error(`no policy for the first device: ${answer.status}`);
  return tag;
}

function highest(one: Record<string, number>, other: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.keys(other).map((name) => [name, Math.max(one[name] ?? 0, other[name] ?? 0)]));
}

await main();
