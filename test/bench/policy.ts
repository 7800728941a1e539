import 'reflect-metadata';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { makeAccessToken } from '../../apps/policy/src/sessions/access-token.js';
import { createSecretKey } from 'node:crypto';
import { deviceUid } from './device-uid.js';
import { poll, type PollLoad, startBareServer } from './poll-load.js';
import { processorMilliseconds } from './process-figures.js';
import { SiteOfDevices } from './site-of-devices.js';
import { line, quantile, ratios, report, shown, spread } from './spread.js';

const help = `npm run bench:policy [-- --devices 150000 --seconds 5 --rounds 5 --rate 2500]

Conditional polls of agents that have their policy, with a whole site and the client on this machine:
  process   polls per second of the policy process beside a bare node:http server that answers 304, in turns, with the
            same client. Goal: at least 0.5 times as many
  first     the first poll of every device after a start: policy is read from the database
  fleet     polls of all devices, and as many as --rate in a second. Goal: at least 2,500/s, 99 of 100 below 50 ms
  changes   the same rate, while collections get members and windows. Goal: the same
Memory of all processes is told at the end (goal: at most 4 GiB).`;

const GROUPS = 100;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      devices: { type: 'string', default: '150000' },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '5' },
      rate: { type: 'string', default: '2500' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(help);
  const [devices, seconds, rounds, rate] = [values.devices, values.seconds, values.rounds, values.rate].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const site = await SiteOfDevices.start();
  const bare = await startBareServer();
  try {
    await prepare(site, devices);
    const load: PollLoad = {
      port: site.port('policy-http'),
      path: '/api/v1/agent/policy',
      site: site.site.siteCode,
      secret: site.sessionSecret,
      tags: await readTags(site),
      devices,
      order: 'any',
      connections: 64,
      seconds,
    };
    const process = await comparePolls(site, load, bare, rounds);
    const first = summary(await poll({ ...load, order: 'each', most: devices, seconds: 600 }));
    line(`first poll of each of ${devices} devices`, told(first));
    const fleet = summary(await poll(load));
    line('polls of all devices, as many as there can be', told(fleet), 'goal ≥ 2,500/s');
    const steady = summary(await poll({ ...load, ratePerSecond: rate, seconds: seconds * 2 }));
    line(`polls of all devices, ${rate} a second`, told(steady), 'goal p99 < 50 ms');
    const changes = await pollWhileChanging(site, { ...load, ratePerSecond: rate, seconds: seconds * 2 });
    line(`the same during ${changes.changes} changes`, told(changes), 'goal p99 < 50 ms');
    const memory = site.memory();
    const total = Object.values(memory).reduce((sum, one) => sum + one, 0);
    line('memory', `${total} MiB`, 'goal ≤ 4,096 MiB');
    line(
      '',
      Object.entries(memory)
        .map(([name, mebibytes]) => `${name} ${mebibytes}`)
        .join(', '),
    );
    report(
      'policy',
      { devices, loadAverage: loadavg(), process, first, fleet, steady, changes, memory, memoryTotal: total },
      {
        ratioAtLeastHalf: process.ratio.median >= 0.5,
        fleetAtLeast2500: fleet.perSecond >= 2500 && steady.perSecond >= 0.99 * rate,
        p99Below50ms: steady.p99 < 50 && changes.p99 < 50,
        memoryAtMost4Gib: total <= 4096,
      },
    );
  } finally {
    bare.stop();
    await site.stop();
  }
}

/** Devices in some collections each: all, a version of the system, a hundredth; something deployed to all and to a hundredth. */
async function prepare(site: SiteOfDevices, devices: number): Promise<void> {
  await site.addDevices(devices);
  for (const version of ['11', '12', '13'])
    await site.saveCollection(`debian-${version}`, { rules: [{ query: `os.versionId == "${version}"` }] });
  for (const group of ['00', '01', '02'])
    await site.saveCollection(`group-${group}`, { rules: [{ query: `hostname.endsWith("-${group}")` }] });
  await site.deploy('to-all', { collection: 'all-devices' });
  await site.deploy('to-group-00', { collection: 'group-00' });
  await site.deploy('to-group-01', { collection: 'group-01', purpose: 'Available' });
  await site.untilPolicyKnowsAll();
}

/** The ETags of the first devices: what is deployed to one of them is deployed to each hundredth behind it. */
async function readTags(site: SiteOfDevices): Promise<string[]> {
  const secret = createSecretKey(Buffer.from(site.sessionSecret, 'base64'));
  const tags: string[] = [];
  for (let device = 0; device < GROUPS; device += 1) {
    const token = makeAccessToken(secret, site.site.siteCode, deviceUid(device), new Date(Date.now() + 600_000));
    const answer = await fetch(`http://127.0.0.1:${site.port('policy-http')}/api/v1/agent/policy`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.arrayBuffer();
    const tag = answer.headers.get('etag');
    if (answer.status !== 200 || tag === null) throw new Error(`no policy for device ${device}: ${answer.status}`);
    tags.push(tag);
  }
  return tags;
}

/** Of devices that polled before, with the baseline in turns. */
async function comparePolls(site: SiteOfDevices, load: PollLoad, bare: { port: number; pid: number }, rounds: number) {
  const few = { ...load, devices: Math.min(load.devices, 2000), seconds: Math.min(load.seconds, 2) };
  const pid = site.site.supervisor.pids()['policy'] ?? 0;
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  await poll({ ...few, order: 'each', most: few.devices, seconds: 600 });
  for (let round = 0; round <= rounds; round += 1) {
    const [mine, other] = [await measured(few, pid), await measured({ ...few, port: bare.port }, bare.pid)];
    // The first round warms both up.
    if (round === 0) continue;
    ours.push(mine);
    theirs.push(other);
  }
  const perSecond = (all: readonly Measured[]) => all.map((one) => one.perSecond);
  const microseconds = (all: readonly Measured[]) => all.map((one) => one.microseconds);
  const result = {
    ratio: ratios(perSecond(ours), perSecond(theirs)),
    perSecond: spread(perSecond(ours)),
    barePerSecond: spread(perSecond(theirs)),
    processorRatio: ratios(microseconds(theirs), microseconds(ours)),
    processorMicroseconds: spread(microseconds(ours)),
    bareProcessorMicroseconds: spread(microseconds(theirs)),
  };
  line('polls of one policy process', `${shown(result.perSecond)} /s`);
  line('bare node:http answering 304', `${shown(result.barePerSecond)} /s`);
  line('ratio', shown(result.ratio), 'goal ≥ 0.5');
  line('processor time of a poll, policy process', `${shown(result.processorMicroseconds)} µs`);
  line('the same, bare node:http', `${shown(result.bareProcessorMicroseconds)} µs`);
  line('ratio, whatever else the machine does', shown(result.processorRatio));
  return result;
}

interface Measured {
  readonly perSecond: number;
  /** Of processor time of the server for each poll. */
  readonly microseconds: number;
}

async function measured(load: PollLoad, pid: number): Promise<Measured> {
  const before = processorMilliseconds(pid);
  const { polls, perSecond } = summary(await poll(load));
  return { perSecond, microseconds: ((processorMilliseconds(pid) - before) * 1000) / polls };
}

/** Every 200 ms one device enters or leaves a collection to which is deployed, every second a hundredth get other windows. */
async function pollWhileChanging(site: SiteOfDevices, load: PollLoad) {
  const over = new AbortController();
  let changes = 0;
  const change = async (): Promise<void> => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      const device = `device-${String(7 + (n % 5)).padStart(6, '0')}-${String(7 + (n % 5)).padStart(2, '0')}`;
      await site.saveCollection('group-00', {
        rules: [{ query: `hostname.endsWith("-00")` }, ...(n % 2 === 0 ? [{ device }] : [])],
      });
      if (n % 5 === 0) {
        const schedule = { start: `2026-12-01T0${n % 9}:00` };
        await site.saveCollection('group-02', {
          rules: [{ query: `hostname.endsWith("-02")` }],
          maintenanceWindows: [{ name: 'night', schedule, durationMinutes: 60 }],
        });
        changes += 1;
      }
      changes += 1;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const changing = change();
  // Whoever is concerned gets new policy.
  const result = await poll(load, ['304', '200']);
  over.abort();
  await changing;
  return { ...summary(result), statuses: result.statuses, changes };
}

function summary({ polls, seconds, latencies }: { polls: number; seconds: number; latencies: readonly number[] }) {
  const perSecond = Math.round(polls / seconds);
  return { polls, perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

function told({ perSecond, p50, p99 }: { perSecond: number; p50: number; p99: number }): string {
  return `${perSecond.toLocaleString('en-US')} /s, median ${p50} ms, p99 ${p99} ms`;
}

await main();
