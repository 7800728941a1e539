import type { RunningSite } from '@muster/localsite/start-site.js';
import { until } from '@muster/testing/until.js';
import { SiteOfDevices } from '../bench/site-of-devices.js';
import { randomNumbers, sample } from '../faults/random.js';
import { FLEET_SEQUENCE, prepareContent } from './fleet-content.js';
import { problemsOf, problemsOfFates } from './judge-site.js';
import { acknowledged, DEVICE_STOPPED, Orders, RUN_STOPPED } from './orders.js';
import type { Effects } from './effects.js';
import { type Fleet, SimulatedAgent } from './simulated-agent.js';
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
  /** Runs that ended because somebody stopped them, and how many of them alone or with their device. */
  readonly stopped: number;
  readonly stoppedAlone: number;
  /** How much came of the orders that people gave. */
  readonly effects: Effects;
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
    const orders = new Orders(site, FLEET_SEQUENCE, `deployment-${ROLLOUT}`, pollMilliseconds);
    const fleet: Fleet = { base: site.site.url, started, orders, pollMilliseconds };
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
    await orders.hold(undefined);
    const lives = Promise.all(
      agents.map((agent, index) => agent.live(() => DEPLOYMENTS, agents.at(index - 1) ?? agent, gaveUp.signal)),
    );
    // Looked at below; when something else fails before, its failure must not end the process.
    lives.catch(() => undefined);
    let given: Promise<void> | undefined;
    let victims: (typeof VICTIMS)[number][] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      // The first half meets devices that begin, the second one what people order then: before anything goes on there is nothing to stop.
      if (!given && kill >= kills / 2) {
        await orders.someRun();
        given = ordersOf(orders, () => until(() => deployed.length > ROLLOUT, 600_000), random, say);
        given.catch(() => undefined);
      }
      // An order takes its time to be acknowledged by what comes up again: slower then, so that most of them meet kills.
      await new Promise((resolve) => setTimeout(resolve, 100 + random() * (given ? 3600 : 1200)));
      // Each has its turn in an order of its own, so that a short schedule kills everything once.
      if (victims.length === 0) victims = sample(VICTIMS, VICTIMS.length, random);
      const victim = victims.pop()!;
      const pid = site.site.supervisor.pids()[victim];
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      say(`${victim} ${pid === undefined ? 'is down already' : 'killed'}`);
      if (kill >= (deployed.length * kills) / DEPLOYMENTS) await deployNext();
    }
    while (deployed.length < DEPLOYMENTS) await deployNext();
    await given;
    // The fleet is one process on the machine of the site: how long a stop takes is asked once it has worked off what the kills held up.
    await until(() => agents.every((agent) => agent.isQuiet(DEPLOYMENTS)), 60_000 + count * 200);
    await orders.stopForGood(count, VICTIMS);
    say(`the last stop was heard by all within ${orders.lastHeardAfter} ms`);
    await lives;
    say(orders.effects.say());
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
    problems.push(...(await orders.judge()));
    const fates = agents.flatMap((agent) => [...agent.fates.values()]);
    problems.push(...(await problemsOfFates(site, fates)));
    return {
      runs: expected.length,
      fates: fates.length,
      acknowledged,
      kills,
      startedAtOnce: { most, cap },
      woken,
      stopped: expected.filter(({ code }) => code === 'run.stopped').length,
      stoppedAlone: orders.stoppedAlone.length,
      effects: orders.effects,
      problems,
    };
  } finally {
    gaveUp.abort();
    await site.stop();
  }
}

/** One order after the other, while processes are killed. */
async function ordersOf(
  orders: Orders,
  rolledOut: () => Promise<void>,
  random: () => number,
  say: (line: string) => void,
): Promise<void> {
  const all: [words: string, order: () => Promise<void>][] = [
    [RUN_STOPPED, () => orders.stopRun()],
    ['starts paused', () => orders.hold('Starts')],
    ['resumed', () => orders.hold(undefined)],
    [DEVICE_STOPPED, () => orders.stopDevice()],
    ['stopped', () => orders.hold('Runs')],
    ['rollout paused', async () => rolledOut().then(() => orders.pauseRollout())],
    ['resumed after the stop', () => orders.hold(undefined)],
    ['rollout resumed', () => orders.resumeRollout()],
  ];
  for (const [words, order] of all) {
    await new Promise((resolve) => setTimeout(resolve, 100 + random() * 1200));
    await order();
    say(`ordered and acknowledged: ${words}`);
  }
}

/** A deployment that is acknowledged. */
async function deploy(site: SiteOfDevices, deployed: string[], atMostStarted: number): Promise<void> {
  const name = `deployment-${deployed.length}`;
  // However many fail: it is the number that have started at once that is on trial.
  const groups = [{ name: 'all', successPercent: 1, errors: 1_000_000 }];
  const rollout = deployed.length === ROLLOUT ? { rollout: { groups, atMostStarted } } : {};
  await acknowledged(() => site.deploy(name, { sequence: FLEET_SEQUENCE, collection: 'all-devices', ...rollout }));
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
