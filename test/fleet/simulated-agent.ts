import { randomUUID } from 'node:crypto';
import {
  ABILITIES_HEADER,
  type PermitRequest,
  permitResponseSchema,
  START_PERMITS,
} from '@muster/contracts/agent/permits.js';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ReportsRequest } from '@muster/contracts/agent/reports.js';
import type { StepReport } from '@muster/sequence/report.js';
import { verifyPolicy } from '../../apps/agent/src/policy/verify-policy.js';
import { type Answer, TestDevice } from '../../apps/policy/test/test-device.js';
import { EndlessWork } from './endless-run.js';
import { fetchContent } from './fleet-content.js';
import { IdentityOnTrial } from './identity-on-trial.js';
import { ENDLESS, type Orders } from './orders.js';
import { PolicyOnTrial } from './policy-on-trial.js';
import type { StartedAtOnce } from './started-at-once.js';
import { WakeUps } from './wake-ups.js';

type Report = ReportsRequest['reports'][number];

/** What a run must have become at the site. */
export interface ExpectedRun {
  readonly runId: string;
  readonly deviceUid: string;
  readonly deploymentUid: string;
  readonly state: 'succeeded' | 'failed';
  readonly code: string | null;
  readonly reports: number;
  readonly steps: number;
}

/** What a device must have told last of a deployment at the site. */
export interface ExpectedFate {
  readonly deviceUid: string;
  readonly deploymentUid: string;
  readonly number: number;
  readonly reason: string;
}

const MOST_AT_ONCE = 500;
const REASONS = ['window', 'trigger', 'content', 'permit'] as const;
/** Behind every run, whatever clock that had: so the run does not end the fate. */
const LAST = '2099-01-01T00:00:00.000Z';
const LONGEST_PAUSE = 2000;
const DAY = 24 * 3_600_000;
const ABLE = { [ABILITIES_HEADER]: START_PERMITS };
const SITE = 'S01';

/** What all agents of a fleet share. */
export interface Fleet {
  readonly base: string;
  /** Of the deployment with a rollout. */
  readonly started: StartedAtOnce;
  readonly orders: Orders;
  /** Milliseconds after which an agent that nobody wakes asks for policy. */
  readonly pollMilliseconds: number;
}

/**
 * An agent without a computer: it enrols with a key of its own, opens sessions, polls with its tag and when it is woken, verifies policy as
 * agents do, runs what is Required once, with its content and with a permit where the deployment has a rollout, and sends what it has to
 * tell until it is acknowledged: in any order, now and then twice, by a clock that jumps. What it was told is durable it forgets, so
 * whatever the site loses then is lost.
 */
export class SimulatedAgent {
  readonly runs = new Map<string, ExpectedRun>();
  /** By deployment; all are acknowledged. */
  readonly fates = new Map<string, ExpectedFate>();
  /** What was not as it must be, in words. */
  readonly problems: string[] = [];
  private readonly spool: Report[] = [];
  /** Ends of runs that go on for a while: so that many have started at once. */
  private readonly later: { readonly from: number; readonly report: Report }[] = [];
  /** Runs that may start and have not their content yet, by deployment. */
  private readonly ready = new Map<string, { readonly assignment: Assignment; readonly runId: string }>();
  /** Assignments that wait for a permit, with the run that each will be. */
  private readonly waiting = new Map<string, { assignment: Assignment; question: PermitRequest }>();
  private readonly endless = new EndlessWork();
  private readonly wakeUps: WakeUps;
  private readonly trial = new PolicyOnTrial();
  /** The signed text of its policy: for others to try. */
  policyText: string | undefined;
  private serial: number | undefined;
  private tag = '"none"';
  private clockAhead = 0;
  private fateNumber = 0;
  acknowledged = 0;

  private constructor(
    private readonly device: TestDevice,
    private readonly random: () => number,
    private readonly fleet: Fleet,
    private readonly thief: IdentityOnTrial,
  ) {
    this.wakeUps = new WakeUps(fleet.base, () => this.device.accessToken);
  }

  /** How often it was woken. */
  get woken(): number {
    return this.wakeUps.heard;
  }

  /** @param token asks for an enrolment token; a site that is away is waited for */
  static async enrol(fleet: Fleet, token: () => Promise<string>, random: () => number): Promise<SimulatedAgent> {
    const device = await TestDevice.make(fleet.base);
    const thief = await IdentityOnTrial.make(fleet.base);
    const problems: string[] = [];
    await retried(async () => {
      // A token whose answer was lost may be used up: another attempt takes another one.
      const own = await token();
      const { status, text } = await device.enrol(own, { name: `agent-${randomUUID().slice(0, 8)}` });
      if (status !== 201) throw new Error(`enrolment was answered with ${status} ${text}`);
      if (random() < 0.1) problems.push(...(await thief.tryToken(own)));
    }, random);
    const agent = new SimulatedAgent(device, random, fleet, thief);
    agent.problems.push(...problems);
    return agent;
  }

  get uid(): string {
    return this.device.uid;
  }

  /** It has run so many deployments, and told all of it: all it does is wait for orders. */
  isQuiet(deployments: number): boolean {
    const ended = [...this.runs.values()].filter(({ code }) => code !== 'run.stopped').length;
    return ended >= deployments && this.spool.length === 0 && this.later.length === 0;
  }

  /** Nothing goes on either, and nothing is ordered any more. */
  private isDone(deployments: number): boolean {
    return this.isQuiet(deployments) && !this.endless.goesOn && this.fleet.orders.hasHeardAll(this.uid);
  }

  /** Lives until it is done with so many deployments, or until aborted. */
  async live(deployments: () => number, neighbour: SimulatedAgent, signal: AbortSignal): Promise<void> {
    await retried(() => this.openSession(), this.random, signal);
    const listening = this.wakeUps.listen(signal);
    while (!signal.aborted && !this.isDone(deployments())) {
      await retried(
        async () => {
          await this.poll(neighbour);
          for (const one of this.waiting.values()) await this.askPermit(one);
          for (const one of this.ready.values()) await this.begin(one);
          this.goOnEndlessly();
          await this.tell();
          await this.tellFates();
        },
        this.random,
        signal,
      );
      const { pollMilliseconds } = this.fleet;
      await this.wakeUps.pause(pollMilliseconds * (0.5 + this.random()));
    }
    this.wakeUps.stop();
    await listening;
  }

  private async openSession(): Promise<void> {
    if (this.random() < 0.1) await this.tryWrongClock();
    if (this.random() < 0.1) this.problems.push(...(await this.thief.trySession(this.uid)));
    const { status, text } = await this.device.session();
    if (status !== 200) throw new Error(`no session: ${status} ${text}`);
  }

  /** Somebody has set the clock of the computer, by minutes to days: it must be told so, and get no session. */
  private async tryWrongClock(): Promise<void> {
    const off = Math.round((2 + this.random() * 5000) * 60) * (this.random() < 0.5 ? -1 : 1);
    const { status, text } = await this.device.session(await this.device.assertion({ secondsFromNow: off }));
    if (status >= 500 || status === 429 || (status === 401 && text.includes('"session.clock-skew"'))) return;
    this.problems.push(`a clock that is ${off} seconds off was answered with ${status} ${text}`);
  }

  private async poll(neighbour: SimulatedAgent): Promise<void> {
    const answer = await this.asked(() => this.device.get('/policy', { ...ABLE, 'If-None-Match': this.tag }));
    if (answer.status === 304) return;
    if (answer.status !== 200) throw new Error(`policy was answered with ${answer.status} ${answer.text}`);
    const text: string = answer.body['policy'] ?? '';
    const trust = { deviceUid: this.uid, site: SITE, signingKey: this.device.signingKey! };
    const { serial, assignments, stops } = await verifyPolicy(text, trust, this.serial);
    this.problems.push(...(await this.trial.attack({ text, serial }, trust, neighbour.policyText, this.random)));
    this.serial = serial;
    this.policyText = text;
    this.tag = answer.headers.get('etag') ?? '"none"';
    for (const assignment of assignments) {
      const { uid, name, generation } = assignment.deployment;
      if (name === ENDLESS) {
        this.fleet.orders.hears(this.uid, generation, assignment.hold);
        this.endless.hear(assignment, stops);
        continue;
      }
      if (this.runs.has(uid) || this.ready.has(uid)) continue;
      if (!assignment.rollout) this.ready.set(uid, { assignment, runId: randomUUID() });
      else if (!this.waiting.has(uid))
        this.waiting.set(uid, {
          assignment,
          question: { deploymentUid: uid, body: assignment.body, runId: randomUUID() },
        });
    }
  }

  /**
   * Asks for the same run until it may start; an answer that is lost on the way is asked for again.
   *
   * Whoever asks in a pause is refused, even when an answer that was lost has given this run its permit before: a pause also holds permits
   * that are asked for again. So no question that began behind a pause, and was answered before its end, is excused.
   */
  private async askPermit({
    assignment,
    question,
  }: {
    assignment: Assignment;
    question: PermitRequest;
  }): Promise<void> {
    const { orders, started } = this.fleet;
    const { pause } = orders;
    const answer = await this.asked(() => this.device.post('/permits', question));
    if (answer.status !== 200) throw new Error(`a permit was answered with ${answer.status} ${answer.text}`);
    const permit = permitResponseSchema.parse(answer.body);
    if (!permit.granted) {
      if (permit.code === 'rollout.is-paused') orders.refuses();
      return;
    }
    orders.permits();
    if (pause !== undefined && pause === orders.pause)
      this.problems.push(`run ${question.runId} got a permit that was asked for while the rollout was paused`);
    this.waiting.delete(question.deploymentUid);
    started.started(question.runId);
    this.ready.set(question.deploymentUid, { assignment, runId: question.runId });
  }

  /** Once its content is there, a whole run at once: what is on trial is the site, not the engine. */
  private async begin({ assignment: { deployment, body }, runId }: { assignment: Assignment; runId: string }) {
    this.problems.push(...(await fetchContent(this.device, body as Digest)));
    this.ready.delete(deployment.uid);
    const steps = 1 + Math.floor(this.random() * 4);
    const state = this.random() < 0.7 ? 'succeeded' : 'failed';
    const told = (report: Omit<StepReport, 'runId' | 'number' | 'at'>) => {
      // Somebody sets the clock of the computer in the middle of a run.
      if (this.random() < 0.05) this.clockAhead = (this.random() - 0.5) * 800 * DAY;
      const at = new Date(Date.now() + this.clockAhead).toISOString();
      reports.push({ ...report, runId, number: reports.length + 1, at });
    };
    const reports: StepReport[] = [];
    told({ event: 'run-started', total: steps });
    for (let step = 1; step <= steps; step += 1) {
      const failed = step === steps && state === 'failed';
      told({ event: 'step-started', path: `Step ${step}`, attempt: 1 });
      const outcome = failed ? 'failed' : 'succeeded';
      told({ event: 'step-finished', path: `Step ${step}`, outcome, attempt: 1, exitCode: failed ? 7 : 0 });
    }
    told({ event: 'run-finished', result: state, exitCode: state === 'failed' ? 7 : 0 });
    const { uid: deploymentUid } = deployment;
    const code = null;
    const known = { runId, deviceUid: this.uid, deploymentUid, state, code } as const;
    this.runs.set(deploymentUid, { ...known, reports: reports.length, steps });
    const end = reports.pop()!;
    for (const report of reports) this.spool.push({ deploymentUid, report });
    const from = Date.now() + this.random() * this.fleet.pollMilliseconds;
    this.later.push({ from, report: { deploymentUid, report: end } });
  }

  /** What goes on until somebody stops it. */
  private goOnEndlessly(): void {
    const { reports, ended } = this.endless.work(this.random, () => this.fleet.orders.begins(this.uid));
    this.spool.push(...reports.map((report) => ({ deploymentUid: this.endless.deploymentUid, report })));
    if (!ended) return;
    const { runId, deploymentUid, steps, reports: count } = ended;
    const known = { runId, deviceUid: this.uid, deploymentUid, state: 'failed', code: 'run.stopped' } as const;
    this.runs.set(deploymentUid, { ...known, reports: count, steps });
  }

  private async tell(): Promise<void> {
    const due = this.later.filter(({ from }) => from <= Date.now());
    this.later.splice(0, this.later.length, ...this.later.filter((one) => !due.includes(one)));
    this.spool.push(...due.map(({ report }) => report));
    while (this.spool.length > 0) {
      const count = Math.min(MOST_AT_ONCE, 1 + Math.floor(this.random() * this.spool.length));
      const batch = shuffled(this.spool, this.random).slice(0, count);
      const times = this.random() < 0.2 ? 2 : 1;
      for (const { report } of batch) if (report.event === 'run-finished') this.fleet.started.endIsTold(report.runId);
      for (let time = 0; time < times; time += 1) {
        const answer = await this.asked(() => this.device.post('/reports', { reports: batch }));
        if (answer.status !== 200) throw new Error(`reports were answered with ${answer.status} ${answer.text}`);
        const { acknowledged } = JSON.parse(answer.text) as { acknowledged: { runId: string; number: number }[] };
        const durable = new Set(acknowledged.map(({ runId, number }) => `${runId} ${number}`));
        const left = this.spool.filter(({ report }) => !durable.has(`${report.runId} ${report.number}`));
        this.acknowledged += this.spool.length - left.length;
        this.spool.splice(0, this.spool.length, ...left);
      }
    }
  }

  /** What it waits for next, of some deployments that it has run; some of it twice, and behind that something older once more. */
  private async tellFates(): Promise<void> {
    const { uid: deviceUid } = this;
    const told = [...this.runs.keys()]
      .filter((uid) => !this.fates.has(uid) || this.random() < 0.2)
      .map((deploymentUid) => {
        // Another one for each try: what was not acknowledged may be durable.
        const number = (this.fateNumber += 2);
        return {
          deviceUid,
          deploymentUid,
          number,
          reason: REASONS[Math.floor(this.random() * REASONS.length)] ?? 'window',
        };
      });
    if (told.length === 0) return;
    // What it told before counts no more from now on: a newer one may be durable without an answer, and is told until there is one.
    for (const { deploymentUid } of told) this.fates.delete(deploymentUid);
    const send = async (fates: readonly ExpectedFate[], behind: number) => {
      const body = fates.map(({ deploymentUid, number, reason }) => ({
        deploymentUid,
        number: number - behind,
        acceptance: { state: 'accepted', at: LAST },
        delivery: { state: 'waiting', reason: behind === 0 ? reason : 'network', at: LAST },
      }));
      const answer = await this.asked(() => this.device.post('/fates', { fates: body }));
      if (answer.status !== 200) throw new Error(`fates were answered with ${answer.status} ${answer.text}`);
    };
    for (let times = this.random() < 0.2 ? 2 : 1; times > 0; times -= 1) await send(told, 0);
    for (const one of told) this.fates.set(one.deploymentUid, one);
    if (this.random() < 0.2) await send(told, 1);
  }

  /** With a session; with a new one when the site does not take the old one. */
  private async asked(ask: () => Promise<Answer>): Promise<Answer> {
    const answer = await ask();
    if (answer.status !== 401) return answer;
    await this.openSession();
    return ask();
  }
}

/** Refusals that no later time mends are mistakes, of the site or of this agent. */
const LASTING = /answered with (?!401|429)4\d\d /;

/** Repeats with growing pauses and jitter, as agents do. @throws what is lasting, and anything once aborted */
async function retried(act: () => Promise<void>, random: () => number, signal?: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (signal?.aborted || (error instanceof Error && LASTING.test(error.message))) throw error;
      await pause(random() * Math.min(LONGEST_PAUSE, 100 * 2 ** attempt));
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}
