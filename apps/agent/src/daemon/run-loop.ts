import type { Assignment, PolicyBody } from '@muster/contracts/agent/policy.js';
import type { Logger } from 'pino';
import { type Bell, pause } from '../http/backoff.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import type { BodyStore } from '../policy/body-store.js';
import { chooseRuns, type DecidingFacts, judgeAssignments } from '../policy/decide.js';
import type { PolicyLoop } from '../policy/policy-loop.js';
import { mayPass } from './may-pass.js';
import type { RunDriver } from './run-driver.js';
import type { RunPreparer } from './run-preparer.js';
import type { PermitAsker } from './permit-asker.js';
import { newRunId } from './run-id.js';
import type { PermitVerdict, StartPermits } from './start-permits.js';
import type { StartRequests } from './start-requests.js';
import type { RunRecord, RunRecords } from './run-records.js';

const laterSeconds = 15;
const longestWaitSeconds = 3600;

export interface RunLoopOptions {
  readonly records: RunRecords;
  readonly requests: StartRequests;
  readonly permits: StartPermits;
  readonly asker: PermitAsker;
  /** What this computer knows at an instant. */
  facts(now: number): DecidingFacts;
  readonly policy: PolicyLoop;
  readonly bodies: BodyStore;
  readonly api: Pick<SiteApi, 'body'>;
  readonly driver: RunDriver;
  readonly preparer: RunPreparer;
  readonly logger: Logger;
  /** Rung when policy has changed, or somebody asks for a run. */
  readonly changed: Bell;
  /** Told when a run has ended. */
  ended(): void;
}

/** One run at a time: an unfinished one before anything else, then what policy wants. */
export class RunLoop {
  constructor(private readonly options: RunLoopOptions) {}

  /** Until aborted; the run at hand is then let go so that it can be resumed. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const [unfinished] = this.options.records.unfinished;
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
    const body = await this.bodyOf(record, signal);
    const result = body ? await this.options.driver.drive(record, body, signal) : 'later';
    if (result === 'ended') this.options.ended();
    else if (result === 'later') await pause(laterSeconds, signal);
    // Another policy may stop it.
    else if (result === 'restart-pending') await this.options.changed.wait(longestWaitSeconds, signal);
  }

  private async decide(signal: AbortSignal): Promise<void> {
    const { policy, bodies, records, requests, permits, preparer, logger, changed } = this.options;
    const { assignments, startable } = policy;
    bodies.keepOnly(new Set(assignments.map(({ body }) => body)));
    requests.keepOnly(new Set(assignments.map(({ deployment }) => deployment.uid)));
    permits.keepOnly(assignments, (runId) => records.hasBegun(runId));
    const now = Date.now();
    const facts = this.options.facts(now);
    const fates = judgeAssignments(startable, facts);
    if (startable.length === assignments.length) preparer.keepOnly(fates);
    const { runs, lookAgain = Infinity } = chooseRuns(fates);
    const plan = preparer.plan(runs, fates, facts);
    if (!plan.begin) {
      await preparer.turnTo(plan.work, signal);
      const seconds = Math.max(0.001, (Math.min(lookAgain, plan.lookAgain) - now) / 1000);
      return changed.wait(Math.min(seconds, longestWaitSeconds), signal);
    }
    await preparer.stop();
    const { assignment, refused } = plan.begin;
    const { uid, name } = assignment.deployment;
    const permit = refused ? undefined : permits.judge(assignment, now);
    // Behind the answer all is decided again: it may have taken a while.
    if (permit && permit.verdict !== 'start') return this.askForPermit(assignment, permit, signal);
    const { runId } = records.begin(permit?.runId ?? newRunId(), assignment, refused);
    permits.forget(uid);
    preparer.forget(uid);
    requests.forget(uid);
    logger.info({ runId, deployment: name, refused: refused?.code }, 'policy asks for a run');
  }

  private async askForPermit(
    assignment: Assignment,
    permit: Exclude<PermitVerdict, { verdict: 'start' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const before = permit.verdict === 'ask' ? permit.runId : undefined;
    const granted = await this.options.asker.ask(assignment, before, signal);
    // Its content is looked for again when it may start: a deadline must not run while it waits for its turn.
    if (!granted && !signal.aborted) this.options.preparer.forget(assignment.deployment.uid);
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
