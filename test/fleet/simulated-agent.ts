import { randomUUID } from 'node:crypto';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { ReportsRequest } from '@muster/contracts/agent/reports.js';
import type { StepReport } from '@muster/sequence/report.js';
import { type Answer, TestDevice } from '../../apps/policy/test/test-device.js';

type Report = ReportsRequest['reports'][number];

/** What a run must have become at the site. */
export interface ExpectedRun {
  readonly runId: string;
  readonly deviceUid: string;
  readonly deploymentUid: string;
  readonly state: 'succeeded' | 'failed';
  readonly reports: number;
  readonly steps: number;
}

const MOST_AT_ONCE = 500;
const LONGEST_PAUSE = 2000;

/**
 * An agent without a computer: it enrols with a key of its own, opens sessions, polls with its tag, verifies policy, runs what is Required once,
 * and sends what it has to tell until it is acknowledged: in any order, now and then twice. What it was told is durable it forgets, so
 * whatever the site loses then is lost.
 */
export class SimulatedAgent {
  readonly runs = new Map<string, ExpectedRun>();
  private readonly spool: Report[] = [];
  private tag = '"none"';
  acknowledged = 0;

  private constructor(
    private readonly device: TestDevice,
    private readonly random: () => number,
  ) {}

  /** @param token asks for an enrolment token; a site that is away is waited for */
  static async enrol(base: string, token: () => Promise<string>, random: () => number): Promise<SimulatedAgent> {
    const device = await TestDevice.make(base);
    await retried(async () => {
      // A token whose answer was lost may be used up: another attempt takes another one.
      const { status, text } = await device.enrol(await token(), { name: `agent-${randomUUID().slice(0, 8)}` });
      if (status !== 201) throw new Error(`enrolment was answered with ${status} ${text}`);
    }, random);
    return new SimulatedAgent(device, random);
  }

  get uid(): string {
    return this.device.uid;
  }

  /** Nothing is left to tell. */
  get idle(): boolean {
    return this.spool.length === 0;
  }

  /** Lives until it has run so many deployments and told everything, or until aborted. */
  async live(deployments: () => number, signal: AbortSignal): Promise<void> {
    await retried(() => this.openSession(), this.random, signal);
    while (!signal.aborted && (this.runs.size < deployments() || !this.idle)) {
      await retried(
        async () => {
          await this.poll();
          await this.tell();
        },
        this.random,
        signal,
      );
      await pause(50 + this.random() * 200);
    }
  }

  private async openSession(): Promise<void> {
    const { status, text } = await this.device.session();
    if (status !== 200) throw new Error(`no session: ${status} ${text}`);
  }

  private async poll(): Promise<void> {
    const answer = await this.asked(() => this.device.get('/policy', { 'If-None-Match': this.tag }));
    if (answer.status === 304) return;
    if (answer.status !== 200) throw new Error(`policy was answered with ${answer.status} ${answer.text}`);
    const { assignments } = await this.device.verify(answer);
    this.tag = answer.headers.get('etag') ?? '"none"';
    for (const assignment of assignments) if (!this.runs.has(assignment.deployment.uid)) this.begin(assignment);
  }

  /** A whole run at once: what is on trial is the site, not the engine. */
  private begin({ deployment }: Assignment): void {
    const steps = 1 + Math.floor(this.random() * 4);
    const state = this.random() < 0.7 ? 'succeeded' : 'failed';
    const runId = randomUUID();
    const told = (report: Omit<StepReport, 'runId' | 'number' | 'at'>) =>
      reports.push({ ...report, runId, number: reports.length + 1, at: new Date().toISOString() });
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
    this.runs.set(deploymentUid, { runId, deviceUid: this.uid, deploymentUid, state, reports: reports.length, steps });
    for (const report of reports) this.spool.push({ deploymentUid, report });
  }

  private async tell(): Promise<void> {
    while (this.spool.length > 0) {
      const count = Math.min(MOST_AT_ONCE, 1 + Math.floor(this.random() * this.spool.length));
      const batch = shuffled(this.spool, this.random).slice(0, count);
      const times = this.random() < 0.2 ? 2 : 1;
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
