import type { Assignment, PolicyBody } from '@muster/contracts/agent/policy.js';
import type { Logger } from 'pino';
import { type Bell, pause } from '../http/backoff.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import type { BodyStore } from '../policy/body-store.js';
import { type AssignmentFate, chooseRuns, type DecidingFacts, judgeAssignments } from '../policy/decide.js';
import type { PolicyLoop } from '../policy/policy-loop.js';
import { mayPass } from './may-pass.js';
import type { RunDriver } from './run-driver.js';
import type { PreparationPlan, RunPreparer } from './run-preparer.js';
import { newRunId } from './run-id.js';
import type { StartCountdown } from './start-countdown.js';
import type { StartRequests } from './start-requests.js';
import type { RunRecord, RunRecords } from './run-records.js';

const laterSeconds = 15;
const longestWaitSeconds = 3600;

export interface RunLoopOptions {
  readonly records: RunRecords;
  readonly requests: StartRequests;
  /** What this computer knows at an instant. */
  facts(now: number): DecidingFacts;
  readonly policy: PolicyLoop;
  readonly bodies: BodyStore;
  readonly api: Pick<SiteApi, 'body'>;
  readonly driver: RunDriver;
  readonly preparer: RunPreparer;
  readonly countdown: StartCountdown;
  readonly logger: Logger;
  /** Rung when policy has changed, or somebody asks for a run. */
  readonly changed: Bell;
  /** Told when a run has ended. */
  ended(): void;
}

/**
 * One run at a time: an unfinished one before anything else, then what policy wants. A run of which all is done but a restart that may
 * not come yet is no hindrance to others.
 */
export class RunLoop {
  /** Runs that wait for their last restart, until an instant or another policy. */
  private readonly parked = new Map<string, { readonly until: number; readonly policy: readonly Assignment[] }>();

  constructor(private readonly options: RunLoopOptions) {}

  /** Until aborted; the run at hand is then let go so that it can be resumed. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const unfinished = this.options.records.unfinished.find(({ runId }) => !this.isParked(runId));
        if (unfinished) {
          await this.options.preparer.stop();
          await this.goOn(unfinished, signal);
        } else await this.decide(signal);
      } catch (error) {
        if (!mayPass(error)) throw error;
        this.options.logger.error(describeError(error), 'no run can begin or end now; it is tried again');
        await pause(laterSeconds, signal);
      }
    }
    await this.options.preparer.stop();
  }

  private async goOn(record: RunRecord, signal: AbortSignal): Promise<void> {
    const { policy, changed } = this.options;
    const { assignments } = policy;
    this.parked.delete(record.runId);
    const body = await this.bodyOf(record, signal);
    const result = body ? await this.options.driver.drive(record, body, signal) : 'later';
    if (result === 'ended') this.options.ended();
    else if (result === 'later') await pause(laterSeconds, signal);
    // Another policy may stop it.
    else if (result === 'restart-pending') await changed.wait(longestWaitSeconds, signal);
    else if (result !== 'let-go')
      this.parked.set(record.runId, { until: result.lookAgain ?? Infinity, policy: assignments });
  }

  private isParked(runId: string): boolean {
    const parked = this.parked.get(runId);
    return parked !== undefined && Date.now() < parked.until && parked.policy === this.options.policy.assignments;
  }

  private async decide(signal: AbortSignal): Promise<void> {
    const { policy, bodies, records, requests, preparer, countdown, logger, changed } = this.options;
    const { assignments } = policy;
    const unfinished = new Set(records.unfinished.map(({ deployment }) => deployment.uid));
    const startable = policy.startable.filter(({ deployment }) => !unfinished.has(deployment.uid));
    bodies.keepOnly(new Set(assignments.map(({ body }) => body)));
    requests.keepOnly(new Set(assignments.map(({ deployment }) => deployment.uid)));
    const now = Date.now();
    const facts = this.options.facts(now);
    const fates = judgeAssignments(startable, facts);
    if (policy.startable.length === assignments.length) preparer.keepOnly(fates);
    await countdown.keepOnly(fates);
    const { runs, lookAgain = Infinity } = chooseRuns(fates);
    const { plan, begins } = await this.planBehindWarnings(runs, fates, facts);
    if (!plan.begin) {
      await preparer.turnTo(plan.work, signal);
      const restart = Math.min(...[...this.parked.values()].map(({ until }) => until), Infinity);
      const seconds = Math.max(0.001, (Math.min(lookAgain, plan.lookAgain, begins, restart) - now) / 1000);
      return changed.wait(Math.min(seconds, longestWaitSeconds), signal);
    }
    await preparer.stop();
    const { assignment, refused } = plan.begin;
    const { uid, name } = assignment.deployment;
    const decision = fates.find((fate) => fate.assignment === assignment)?.decision;
    const asked = decision?.state === 'start' && decision.because === 'asked';
    const { runId } = records.begin(newRunId(), assignment, { refused, asked });
    countdown.forget(uid);
    preparer.forget(uid);
    requests.forget(uid);
    logger.info({ runId, deployment: name, refused: refused?.code }, 'policy asks for a run');
  }

  /** What to do next, apart from runs that are ready and of which people are warned: those begin at `begins` at the earliest. */
  private async planBehindWarnings(
    runs: readonly Assignment[],
    fates: readonly AssignmentFate[],
    facts: DecidingFacts,
  ): Promise<{ plan: PreparationPlan; begins: number }> {
    const { preparer, countdown } = this.options;
    let begins = Infinity;
    for (let left = runs; ;) {
      const plan = preparer.plan(left, fates, facts);
      const first = plan.begin?.refused ? undefined : plan.begin?.assignment;
      const fate = fates.find(({ assignment }) => assignment === first);
      const until = fate && (await countdown.holds(fate, facts.now));
      if (until === undefined) return { plan, begins };
      begins = Math.min(begins, until);
      left = left.filter((assignment) => assignment !== first);
    }
  }

  /** The body that a run began with, though policy may have forgotten it; from the site when it is no longer here. */
  private async bodyOf({ body, runId }: RunRecord, signal: AbortSignal): Promise<PolicyBody | undefined> {
    const { bodies, api, logger } = this.options;
    try {
      return bodies.read(body) ?? bodies.store(body, await api.body(body, signal));
    } catch (error) {
      if (!signal.aborted) logger.error({ ...describeError(error), runId, body }, 'the body of a run cannot be had');
      return undefined;
    }
  }
}
