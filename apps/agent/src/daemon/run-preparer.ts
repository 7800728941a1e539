import { reachOf } from '@muster/contracts/agent/content.js';
import { isMeantFor } from '@muster/contracts/agent/meant-for.js';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import type { ContentCache } from '../content/content-cache.js';
import type { Bell } from '../http/backoff.js';
import { describeError } from '../identity/agent-error.js';
import type { AssignmentFate, DecidingFacts, NamedContent } from '../policy/decide.js';
import { ContentError } from '../runner/content-provider.js';
import {
  afterFailure,
  content,
  deadlineOf,
  isOver,
  judgeLeft,
  judgePreparation,
  type PreparationVerdict,
} from './judge-preparation.js';
import type { Preparation, Preparations } from './preparations.js';

export interface RunPreparerOptions {
  readonly preparations: Preparations;
  readonly cache: Pick<ContentCache, 'has' | 'locate' | 'makeRoom' | 'provide'>;
  readonly logger: Logger;
  /** Rung when a piece of work is done: something else may begin now. */
  readonly changed: Pick<Bell, 'ring'>;
}

/** What to prepare for, and what that needs. */
interface Target {
  readonly assignment: Assignment;
  readonly content: readonly NamedContent[];
  readonly timeZone: string;
  /** Is all of it fetched, or only looked for? */
  readonly whole: boolean;
}

/** What is left of deployments that are gone: a run that fails now, and when to look again. */
export interface Left {
  readonly refused: { readonly preparation: Preparation; readonly code: string; readonly message: string } | undefined;
  readonly lookAgain: number;
}

/** The next thing to do about content. */
export interface PreparationPlan {
  /** The run to begin now, or to fail. */
  readonly begin?:
    { readonly assignment: Assignment; readonly refused?: { code: string; message: string } } | undefined;
  readonly work?: { readonly target: Target; readonly starting: boolean } | undefined;
  /** Milliseconds since 1970. */
  readonly lookAgain: number;
}

/**
 * Sees to it that a run begins only when its content can be had, or is there (deployments.md section 7, stages 10 and 11). One piece of
 * work at a time, never beside a run: the run has the network and the cache to itself, and a download is continued where it was.
 */
export class RunPreparer {
  private current: { readonly key: string; readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(private readonly options: RunPreparerOptions) {}

  /** @param runs what may begin, the first one first; @param fates of all deployments */
  plan(runs: readonly Assignment[], fates: readonly AssignmentFate[], facts: DecidingFacts): PreparationPlan {
    const judged = new Map(fates.map((fate) => [fate.assignment, this.judge(fate, facts)]));
    const first = runs.find((assignment) => judged.get(assignment)?.verdict === 'ready');
    if (first) return { begin: { assignment: first }, lookAgain: Infinity };
    let lookAgain = Infinity;
    for (const [assignment, verdict] of judged) {
      if (verdict.verdict === 'refused') {
        const { code, message } = verdict;
        return { begin: { assignment, refused: { code, message } }, lookAgain };
      }
      if (verdict.verdict === 'wait') lookAgain = Math.min(lookAgain, verdict.until);
      if (verdict.verdict === 'work') lookAgain = Math.min(lookAgain, verdict.deadline ?? Infinity);
    }
    return { work: this.nextWork(runs, judged, facts), lookAgain };
  }

  /** Turns to a piece of work; what another one had begun is left so that it can be continued. */
  async turnTo(work: PreparationPlan['work'], signal: AbortSignal): Promise<void> {
    const { preparations, changed } = this.options;
    const key = work && `${work.target.assignment.deployment.uid} ${work.target.assignment.body} ${work.target.whole}`;
    if (this.current?.key !== key) await this.stop();
    if (!work || key === undefined) return;
    const { assignment, timeZone } = work.target;
    const { uid, name, generation } = assignment.deployment;
    const before = preparations.of(uid);
    const since = before?.since ?? (work.starting ? new Date().toISOString() : undefined);
    const deadline = since && new Date(deadlineOf(assignment, Date.parse(since), timeZone)).toISOString();
    const same = before?.body === assignment.body ? before : undefined;
    if (this.current && same?.since === since) return;
    const { code, message, room, tries = 0 } = same ?? {};
    preparations.note({
      deployment: { uid, name, generation },
      body: assignment.body,
      state: 'working',
      tries,
      ...(since !== undefined && { since, deadline }),
      ...(code !== undefined && { code, message }),
      ...(room && { room }),
    });
    if (this.current) return;
    const stop = new AbortController();
    const done = this.work(work.target, AbortSignal.any([signal, stop.signal])).finally(() => {
      this.current = undefined;
      changed.ring();
    });
    this.current = { key, stop, done };
  }

  /** The run has begun. */
  forget(deploymentUid: string): void {
    this.options.preparations.forget(deploymentUid);
  }

  /** Lets go of the work at hand. */
  async stop(): Promise<void> {
    this.current?.stop.abort(new Error('something else comes first'));
    await this.current?.done;
  }

  /** Forgets what no deployment here asks for any more; answers what is left of those whose end came meanwhile. */
  keepOnly(fates: readonly AssignmentFate[], now: number): Left {
    const kept = new Set(
      fates
        .filter(
          ({ decision: { state }, assignment }) =>
            ['start', 'no-permit', 'waiting', 'held', 'expired', 'no-body'].includes(state) ||
            (state === 'offered' && assignment.fetchAhead === true),
        )
        .map(({ assignment }) => assignment.deployment.uid),
    );
    const here = new Set(fates.map(({ assignment }) => assignment.deployment.uid));
    let left: Left = { refused: undefined, lookAgain: Infinity };
    for (const known of this.options.preparations.all) {
      const { uid } = known.deployment;
      if (kept.has(uid)) continue;
      const verdict = here.has(uid) ? undefined : judgeLeft(known, now);
      if (verdict?.verdict === 'wait') left = { ...left, lookAgain: Math.min(left.lookAgain, verdict.until) };
      else if (verdict?.verdict === 'refused') {
        const { code, message } = verdict;
        left = { ...left, refused: { preparation: known, code, message } };
      } else this.options.preparations.forget(uid);
    }
    return left;
  }

  private judge(fate: AssignmentFate, facts: DecidingFacts): PreparationVerdict {
    const { preparations, cache } = this.options;
    const { uid } = fate.assignment.deployment;
    const known = preparations.of(uid);
    if (known && isOver(known, facts.lastRun(uid)?.startedAt)) preparations.forget(uid);
    return judgePreparation(fate, preparations.of(uid), {
      now: facts.now,
      timeZone: facts.timeZone,
      complete: contentFor(fate.assignment, facts, fate.decision.state === 'start').every(({ manifest }) =>
        cache.has(manifest),
      ),
      lastRunStartedAt: facts.lastRun(uid)?.startedAt,
      metered: facts.metered === true,
    });
  }

  /** Questions before downloads: what only has to be looked for does not wait for what has to be fetched. */
  private nextWork(
    runs: readonly Assignment[],
    judged: ReadonlyMap<Assignment, PreparationVerdict>,
    facts: DecidingFacts,
  ): PreparationPlan['work'] {
    const whole = (one: Assignment): boolean => content(one) === 'BeforeStart';
    const inOrder = [...runs.filter((one) => !whole(one)), ...runs.filter(whole), ...judged.keys()];
    for (const assignment of inOrder) {
      const verdict = judged.get(assignment);
      if (verdict?.verdict !== 'work') continue;
      const { starting } = verdict;
      const named = contentFor(assignment, facts, starting);
      // Ahead of its start nothing but fetching makes sense.
      const target = { assignment, content: named, timeZone: facts.timeZone, whole: !starting || whole(assignment) };
      return { target, starting };
    }
    return undefined;
  }

  /** Never fails: what went wrong is noted. */
  private async work(target: Target, signal: AbortSignal): Promise<void> {
    const { deployment, purpose } = target.assignment;
    const logger = this.options.logger.child({ deployment: deployment.name });
    try {
      await this.see(target, logger, signal);
      this.note(deployment.uid, { state: 'ready', checkedAt: new Date().toISOString() });
      logger.info({ content: target.content.length }, 'the content of the run is there, or can be had');
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = describeError(error);
      const now = Date.now();
      const { tries = 0, since, deadline } = this.options.preparations.of(deployment.uid) ?? {};
      const after = afterFailure(purpose, code, {
        tries: tries + 1,
        starting: since !== undefined,
        now,
        deadline: deadline === undefined ? undefined : Date.parse(deadline),
        random: Math.random(),
      });
      const nextTryAt = 'nextTry' in after ? new Date(after.nextTry).toISOString() : undefined;
      const outcome = nextTryAt === undefined ? { refused: { code, message } } : { nextTryAt };
      this.note(deployment.uid, { state: 'waiting', tries: tries + 1, code, message, ...outcome });
      logger.warn({ code, reason: message, nextTryAt, deadline }, 'a run has not all its content');
    }
  }

  /** Looks where the content is; what a run wants before its start is fetched. */
  private async see({ assignment, content: named, whole }: Target, logger: Logger, signal: AbortSignal): Promise<void> {
    const { cache } = this.options;
    const reach = reachOf(assignment);
    const missing = named.filter(({ manifest }) => !cache.has(manifest));
    for (const one of missing) await naming(one, () => cache.locate(one.manifest, signal, reach));
    if (!whole) return;
    const manifests = named.map(({ manifest }) => manifest);
    await cache.makeRoom(manifests, this.promised(assignment.deployment.uid), logger);
    this.note(assignment.deployment.uid, { room: manifests });
    for (const one of missing) await naming(one, () => cache.provide(one.manifest, logger, signal, reach));
  }

  /** What others were promised room for. */
  private promised(deploymentUid: string): Digest[] {
    return this.options.preparations.all
      .filter(({ deployment }) => deployment.uid !== deploymentUid)
      .flatMap(({ room = [] }) => room);
  }

  private note(deploymentUid: string, more: Partial<Preparation>): void {
    const { preparations } = this.options;
    const before = preparations.of(deploymentUid);
    if (before) preparations.note({ ...before, ...more });
  }
}

/** What a run needs; ahead of a run that nobody has asked for, what is meant for this computer of it. */
function contentFor({ body, fetchAhead }: Assignment, facts: DecidingFacts, starting: boolean): NamedContent[] {
  const all = facts.body(body)?.content ?? [];
  return all.filter(({ meantFor }) => starting || fetchAhead !== true || isMeantFor(meantFor, facts.computer));
}

/** Failures say which content they are of. */
async function naming<Value>({ name }: NamedContent, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = describeError(error);
    const known = code.startsWith('agent.') ? 'content.failed' : code;
    throw new ContentError(known, `${name}: ${message}`, { cause: error });
  }
}
