import type { RunningSite } from '@muster/localsite/start-site.js';
import { until } from '@muster/testing/until.js';
import { SiteOfDevices } from '../bench/site-of-devices.js';
import { randomNumbers, sample } from '../faults/random.js';
import { type ExpectedRun, SimulatedAgent } from './simulated-agent.js';

const VICTIMS = ['policy', 'deployment', 'catalog', 'nats', 'postgres', 'edge'] as const;
const DEPLOYMENTS = 3;

export interface FleetFaults {
  readonly agents: number;
  readonly seed: number;
  readonly kills: number;
  /** Told what happens. */
  say(line: string): void;
}

export interface FleetOutcome {
  readonly runs: number;
  /** Reports that the site acknowledged. */
  readonly acknowledged: number;
  readonly kills: number;
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
    const base = site.site.url;
    const token = () => enrolmentToken(site.site);
    const agents: SimulatedAgent[] = [];
    for (let n = 0; n < count; n += 20) {
      const some = Array.from({ length: Math.min(20, count - n) }, (_, index) =>
        SimulatedAgent.enrol(base, token, randomNumbers(seed * 100_003 + n + index)),
      );
      agents.push(...(await Promise.all(some)));
    }
    say(`${count} agents enrolled`);
    const deployed: string[] = [];
    await deploy(site, deployed);
    const lives = Promise.all(agents.map((agent) => agent.live(() => DEPLOYMENTS, gaveUp.signal)));
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
      if (kill >= (deployed.length * kills) / DEPLOYMENTS) await deploy(site, deployed);
    }
    while (deployed.length < DEPLOYMENTS) await deploy(site, deployed);
    await lives;
    const expected = agents.flatMap((agent) => [...agent.runs.values()]);
    const acknowledged = agents.reduce((sum, agent) => sum + agent.acknowledged, 0);
    say(`${expected.length} runs told, ${acknowledged} reports acknowledged`);
    return { runs: expected.length, acknowledged, kills, problems: await problemsOf(site, expected, deployed) };
  } finally {
    gaveUp.abort();
    await site.stop();
  }
}

/** A deployment that is acknowledged; repeated until it is, which is harmless. */
async function deploy(site: SiteOfDevices, deployed: string[]): Promise<void> {
  const name = `deployment-${deployed.length}`;
  await until(async () => {
    try {
      await site.deploy(name, { collection: 'all-devices' });
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
  let stored: StoredRun[] = [];
  const complete = async (): Promise<boolean> => {
    stored = await read().catch(() => []);
    return expected.every((one) => stored.some((run) => run.uid === one.runId && sameAs(run, one)));
  };
  await until(complete).catch(() => undefined);
  const problems = expected.flatMap((one) => {
    const run = stored.find(({ uid }) => uid === one.runId);
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
