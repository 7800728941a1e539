import type { Assignment, PolicyBody } from '@muster/contracts/agent/policy.js';
import type { Logger } from 'pino';
import { type Bell, pause } from '../http/backoff.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import type { BodyStore } from '../policy/body-store.js';
import { type AssignmentFate, chooseRuns, type DecidingFacts, judgeAssignments } from '../policy/decide.js';
import type { FateTeller } from '../fates/fate-teller.js';
import type { PolicyLoop } from '../policy/policy-loop.js';
import { mayPass } from './may-pass.js';
import type { RunDriver } from './run-driver.js';
import type { Left, PreparationPlan, RunPreparer } from './run-preparer.js';
import type { PermitAsker } from './permit-asker.js';
import { newRunId } from './run-id.js';
import type { StartCountdown } from '../people/start-countdown.js';
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
  /** Replaces the keys of this computer when somebody wants it; true: everything must begin anew. Only between runs. */
  rotate(signal: AbortSignal): Promise<boolean>;
  readonly preparer: RunPreparer;
  readonly countdown: StartCountdown;
  readonly fates: FateTeller;
  readonly logger: Logger;
  /** Rung when policy has changed, or somebody asks for a run. */
  readonly changed: Bell;
  /** Told when a run has ended. */
  ended(): void;
}

/** The next thing to do, and the permit that the run to begin has or must be asked for. */
interface NextRun {
  readonly plan: PreparationPlan;
  readonly begins: number;
  readonly permit: Exclude<PermitVerdict, { verdict: 'wait' }> | undefined;
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
        } else if (await this.options.rotate(signal)) break;
        else await this.decide(signal);
      } catch (error) {
        if (!mayPass(error)) throw error;
        this.options.logger.error(describeError(error), 'no run can begin or end now; it is tried again');
        await pause(laterSeconds, signal);
      }
    }
    await this.options.preparer.stop();
  }

  /** Another policy came: what becomes of its deployments is told also while a run keeps them waiting. */
  policyChanged(): void {
    if (this.options.records.unfinished.some(({ runId }) => !this.isParked(runId))) this.options.fates.tell(true);
  }

  private async goOn(record: RunRecord, signal: AbortSignal): Promise<void> {
    const { assignments } = this.options.policy;
    this.parked.delete(record.runId);
    // What only fails needs nothing: its body may be gone with its deployment.
    const body = record.refused ? this.options.bodies.read(record.body) : await this.bodyOf(record, signal);
    const result = body || record.refused ? await this.options.driver.drive(record, body, signal) : 'later';
    if (result === 'ended') {
      this.options.countdown.forget(record.deployment.uid);
      this.options.ended();
    }
    if (result === 'later') await pause(laterSeconds, signal);
    else if (result === 'restart-pending') await this.waitForRestart(record, signal);
    else if (typeof result === 'object')
      this.parked.set(record.runId, { until: result.lookAgain ?? Infinity, policy: assignments });
  }

  /**
   * The restart has been asked for, and is asked for once more after a while. Until then only the site's word that the run shall end is a
   * reason to go on: whatever else changes would ask for it again, and count down before people again.
   */
  private async waitForRestart(record: RunRecord, signal: AbortSignal): Promise<void> {
    const { changed, driver } = this.options;
    const until = performance.now() + longestWaitSeconds * 1000;
    for (;;) {
      const seconds = (until - performance.now()) / 1000;
      if (seconds <= 0 || signal.aborted || driver.shallEnd(record)) return;
      await changed.wait(seconds, signal);
    }
  }

  private isParked(runId: string): boolean {
    const parked = this.parked.get(runId);
    return parked !== undefined && Date.now() < parked.until && parked.policy === this.options.policy.assignments;
  }

  private async decide(signal: AbortSignal): Promise<void> {
    const { policy, bodies, records, requests, permits, preparer, countdown, logger, changed } = this.options;
    const { assignments } = policy;
    const unfinished = new Set(records.unfinished.map(({ deployment }) => deployment.uid));
    const startable = policy.startable.filter(({ deployment }) => !unfinished.has(deployment.uid));
    bodies.keepOnly(new Set(assignments.map(({ body }) => body)));
    // What was asked before the site forbade it is forgotten: it must not begin when the site allows it again.
    const mayAsk = policy.settings.usersMayStart === false ? [] : assignments;
    requests.keepOnly(new Set(mayAsk.map(({ deployment }) => deployment.uid)));
    permits.keepOnly(assignments, (runId) => records.hasBegun(runId));
    const now = Date.now();
    const facts = this.options.facts(now);
    const fates = judgeAssignments(startable, facts);
    const left = policy.startable.length === assignments.length ? preparer.keepOnly(fates, now) : undefined;
    if (left?.refused) return this.beginTooLate(left.refused);
    await countdown.keepOnly(fates);
    const { runs, lookAgain = Infinity } = chooseRuns(fates);
    const { plan, begins, permit } = await this.planNext(runs, fates, facts);
    if (!plan.begin) {
      await preparer.turnTo(plan.work, signal);
      this.options.fates.tell(false);
      const restart = Math.min(...[...this.parked.values()].map(({ until }) => until), Infinity);
      const next = Math.min(lookAgain, plan.lookAgain, begins, restart, left?.lookAgain ?? Infinity);
      const seconds = Math.max(0.001, (next - now) / 1000);
      return changed.wait(Math.min(seconds, longestWaitSeconds), signal);
    }
    await preparer.stop();
    const { assignment, refused } = plan.begin;
    // Behind the answer all is decided again: it may have taken a while.
    if (permit?.verdict === 'ask') return this.askForPermit(assignment, permit.runId, signal);
    const { uid, name } = assignment.deployment;
    const decision = fates.find((fate) => fate.assignment === assignment)?.decision;
    const asked = decision?.state === 'start' && decision.because === 'asked';
    const { runId } = records.begin(permit?.runId ?? newRunId(), assignment, { refused, asked });
    countdown.forget(uid);
    permits.forget(uid);
    preparer.forget(uid);
    requests.forget(uid);
    this.options.fates.begun(uid);
    logger.info({ runId, deployment: name, refused: refused?.code }, 'policy asks for a run');
  }

  /** A run whose deployment ended while it waited for content, and is gone already: it fails, and the site hears of it. */
  private beginTooLate({ preparation, code, message }: NonNullable<Left['refused']>): void {
    const { records, preparer, logger } = this.options;
    const { deployment, body } = preparation;
    const { uid, name, generation = 0 } = deployment;
    const refused = { code, message };
    const { runId } = records.begin(
      newRunId(),
      { deployment: { uid, name, generation }, body, purpose: 'Required' },
      { refused },
    );
    preparer.forget(uid);
    logger.info({ runId, deployment: name, refused: code }, 'a deployment ended while its run waited for content');
  }

  /**
   * What to do next, apart from runs that are ready and of which people are warned: those begin at `begins` at the earliest. Nobody is
   * warned of a run that has no permit; one that grows old while people are warned is asked for again.
   */
  private async planNext(
    runs: readonly Assignment[],
    fates: readonly AssignmentFate[],
    facts: DecidingFacts,
  ): Promise<NextRun> {
    const { preparer, countdown, permits } = this.options;
    let begins = Infinity;
    for (let left = runs; ;) {
      const plan = preparer.plan(left, fates, facts);
      const first = plan.begin?.refused ? undefined : plan.begin?.assignment;
      const fate = fates.find(({ assignment }) => assignment === first);
      const permit = first && permits.judge(first, facts.now);
      if (permit?.verdict === 'ask') return { plan, begins, permit };
      const until = fate && (await countdown.holds(fate, facts.now));
      if (until === undefined) return { plan, begins, permit: permit?.verdict === 'start' ? permit : undefined };
      begins = Math.min(begins, until, permit?.until ?? Infinity);
      left = left.filter((assignment) => assignment !== first);
    }
  }

  private async askForPermit(
    assignment: Assignment,
    runIdBefore: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const granted = await this.options.asker.ask(assignment, runIdBefore, signal);
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
