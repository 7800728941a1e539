import type { RunningSite } from '@muster/localsite/start-site.js';
import { until } from '@muster/testing/until.js';
import { SiteOfDevices } from '../bench/site-of-devices.js';
import { randomNumbers, sample } from '../faults/random.js';
import { FLEET_SEQUENCE, prepareContent } from './fleet-content.js';
import { type ExpectedFate, type ExpectedRun, type Fleet, SimulatedAgent } from './simulated-agent.js';
import { StartedAtOnce } from './started-at-once.js';

const VICTIMS = ['policy', 'deployment', 'catalog', 'content', 'store', 'nats', 'postgres', 'edge'] as const;
const DEPLOYMENTS = 3;
/** The deployment that devices start with a permit only: the middle one. */
const ROLLOUT = 1;
/** All agents together ask so often when nothing happens. */
const MOST_POLLS_PER_SECOND = 400;

export interface FleetFaults {
  readonly agents: number;
  readonly seed: number;
  readonly kills: number;
  /** Told what happens. */
  say(line: string): void;
}

export interface FleetOutcome {
  readonly runs: number;
  /** Devices and deployments of which the site was told a fate. */
  readonly fates: number;
  /** Reports that the site acknowledged. */
  readonly acknowledged: number;
  readonly kills: number;
  /** How many devices had started the rollout at once, at most, and how many may. */
  readonly startedAtOnce: { readonly most: number; readonly cap: number };
  /** How often agents were woken. */
  readonly woken: number;
  /** Everything that is not as it must be, in words. */
  readonly problems: readonly string[];
}

/**
 * Agents run deployments on a whole site while its processes are killed (SIGKILL), chosen and timed by the seed; one deployment is made
 * before and the others between the kills. In the end every run must be at the site once, with exactly what was told of it.
 */
export async function fleetUnderFaults({ agents: count, seed, kills, say }: FleetFaults): Promise<FleetOutcome> {
  const random = randomNumbers(seed);
  const site = await SiteOfDevices.start();
  const gaveUp = new AbortController();
  try {
    const started = new StartedAtOnce(Math.max(2, Math.floor(count / 10)));
    const pollMilliseconds = Math.max(150, (1000 * count) / MOST_POLLS_PER_SECOND);
    const fleet: Fleet = { base: site.site.url, started, pollMilliseconds };
    await prepareContent(site);
    const token = () => enrolmentToken(site.site);
    const agents: SimulatedAgent[] = [];
    for (let n = 0; n < count; n += 20) {
      const some = Array.from({ length: Math.min(20, count - n) }, (_, index) =>
        SimulatedAgent.enrol(fleet, token, randomNumbers(seed * 100_003 + n + index)),
      );
      agents.push(...(await Promise.all(some)));
    }
    say(`${count} agents enrolled`);
    const deployed: string[] = [];
    const deployNext = () => deploy(site, deployed, started.cap);
    await deployNext();
    const lives = Promise.all(
      agents.map((agent, index) => agent.live(() => DEPLOYMENTS, agents.at(index - 1) ?? agent, gaveUp.signal)),
    );
    // Looked at below; when something else fails before, its failure must not end the process.
    lives.catch(() => undefined);
    let victims: (typeof VICTIMS)[number][] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100 + random() * 1200));
      // Each has its turn in an order of its own, so that a short schedule kills everything once.
      if (victims.length === 0) victims = sample(VICTIMS, VICTIMS.length, random);
      const victim = victims.pop()!;
      const pid = site.site.supervisor.pids()[victim];
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      say(`${victim} ${pid === undefined ? 'is down already' : 'killed'}`);
      if (kill >= (deployed.length * kills) / DEPLOYMENTS) await deployNext();
    }
    while (deployed.length < DEPLOYMENTS) await deployNext();
    await lives;
    const expected = agents.flatMap((agent) => [...agent.runs.values()]);
    const acknowledged = agents.reduce((sum, agent) => sum + agent.acknowledged, 0);
    const woken = agents.reduce((sum, agent) => sum + agent.woken, 0);
    const { most, cap } = started;
    say(
      `${expected.length} runs told, ${acknowledged} reports acknowledged, woken ${woken} times, at most ${most} of ${cap} started at once`,
    );
    const problems = agents.flatMap((agent) => agent.problems);
    if (most > cap) problems.push(`${most} devices had started at once, and ${cap} may`);
    problems.push(...(await problemsOf(site, expected, deployed)));
    const fates = agents.flatMap((agent) => [...agent.fates.values()]);
    problems.push(...(await problemsOfFates(site, fates)));
    return {
      runs: expected.length,
      fates: fates.length,
      acknowledged,
      kills,
      startedAtOnce: { most, cap },
      woken,
      problems,
    };
  } finally {
    gaveUp.abort();
    await site.stop();
  }
}

/** A deployment that is acknowledged; repeated until it is, which is harmless. */
async function deploy(site: SiteOfDevices, deployed: string[], atMostStarted: number): Promise<void> {
  const name = `deployment-${deployed.length}`;
  // However many fail: it is the number that have started at once that is on trial.
  const groups = [{ name: 'all', successPercent: 1, errors: 1_000_000 }];
  const rollout = deployed.length === ROLLOUT ? { rollout: { groups, atMostStarted } } : {};
  await until(async () => {
    try {
      await site.deploy(name, { sequence: FLEET_SEQUENCE, collection: 'all-devices', ...rollout });
      return true;
    } catch {
      return false;
    }
  });
  deployed.push(name);
}

async function enrolmentToken(site: RunningSite): Promise<string> {
  const response = await fetch(`${site.url}/api/v1/enrolment-tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${site.adminToken}`, 'content-type': 'application/json' },
    body: '{}',
  });
  if (!response.ok) throw new Error(`no enrolment token: ${response.status}`);
  return ((await response.json()) as { token: string }).token;
}

interface StoredRun {
  readonly uid: string;
  readonly deviceUid: string;
  readonly deploymentUid: string;
  readonly state: string;
  readonly reports: number;
  readonly steps: number;
}

/** Waits until the site has as many finished runs as were told, and then looks whether they are the same. */
async function problemsOf(site: SiteOfDevices, expected: readonly ExpectedRun[], deployed: readonly string[]) {
  const { deployment, policy } = site.databases;
  const read = () =>
    deployment.query<StoredRun>(
      `select run.uid, device_uid as "deviceUid", deployment_uid as "deploymentUid", state, last_number as reports,
         (select count(*) from run_step where run_uid = run.uid) as steps
       from run`,
    );
  const sameAs = (run: StoredRun, { deviceUid, deploymentUid, state, reports, steps }: ExpectedRun): boolean =>
    run.deviceUid === deviceUid &&
    run.deploymentUid === deploymentUid &&
    run.state === state &&
    run.reports === reports &&
    run.steps === steps;
  const wanted = new Map(expected.map((run) => [run.runId, run]));
  const isAsTold = (run: StoredRun): boolean => {
    const told = wanted.get(run.uid);
    return told !== undefined && sameAs(run, told);
  };
  let stored: StoredRun[] = [];
  const complete = async (): Promise<boolean> => {
    stored = await read().catch(() => []);
    return stored.filter((run) => isAsTold(run)).length >= expected.length;
  };
  await until(complete, 60_000 + expected.length * 50).catch(() => undefined);
  const byUid = new Map(stored.map((run) => [run.uid, run]));
  const problems = expected.flatMap((one) => {
    const run = byUid.get(one.runId);
    if (!run) return [`run ${one.runId} was told and acknowledged, and is not there`];
    return sameAs(run, one) ? [] : [`run ${one.runId} is ${JSON.stringify(run)}, told was ${JSON.stringify(one)}`];
  });
  for (const { uid } of stored) if (!wanted.has(uid)) problems.push(`run ${uid} is there, and nobody told of it`);
  const total = expected.reduce((sum, { reports }) => sum + reports, 0);
  const [kept] = await policy.query<{ count: number }>('select count(*) as count from report');
  if (kept?.count !== total) problems.push(`${kept?.count} reports are kept of ${total}`);
  const names = await deployment.query<{ name: string }>('select name from deployment');
  for (const name of deployed) {
    if (!names.some((one) => one.name === name)) problems.push(`deployment ${name} was acknowledged, and is not there`);
  }
  const parked = await deployment.query('select 1 from inbox_parked');
  if (parked.length > 0) problems.push(`${parked.length} facts could not be applied`);
  return problems;
}

/** Waits until the site has what every device told last, and counts it as told. */
async function problemsOfFates(site: SiteOfDevices, expected: readonly ExpectedFate[]): Promise<string[]> {
  const { deployment } = site.databases;
  const textOf = ({ deviceUid, deploymentUid, number, reason }: ExpectedFate): string =>
    `device ${deviceUid}, deployment ${deploymentUid}: ${reason}, number ${number}`;
  const wanted = new Set(expected.map(textOf));
  let kept: string[] = [];
  const complete = async (): Promise<boolean> => {
    const rows = await deployment
      .query<ExpectedFate>(
        `select device_uid as "deviceUid", deployment_uid as "deploymentUid", number, reason from device_fate
         where state = 'waiting'`,
      )
      .catch(() => []);
    kept = rows.map(textOf);
    return kept.length === wanted.size && kept.every((one) => wanted.has(one));
  };
  await until(complete, 60_000).catch(() => undefined);
  const missing = [...wanted].filter((one) => !kept.includes(one)).map((one) => `fate not kept: ${one}`);
  const wrong = kept.filter((one) => !wanted.has(one)).map((one) => `fate kept that was not told last: ${one}`);
  const tally = await deployment.query<{ told: string; devices: number }>(
    `select deployment_uid || ' ' || reason as told, devices from fate_tally where devices > 0`,
  );
  const counts = new Map<string, number>();
  for (const { deploymentUid, reason } of expected)
    counts.set(`${deploymentUid} ${reason}`, (counts.get(`${deploymentUid} ${reason}`) ?? 0) + 1);
  const miscounted = tally
    .filter(({ told, devices }) => counts.get(told) !== Number(devices))
    .map(({ told, devices }) => `${devices} devices are counted for ${told}, and ${counts.get(told) ?? 0} told it`);
  return [...missing, ...wrong, ...miscounted];
}
