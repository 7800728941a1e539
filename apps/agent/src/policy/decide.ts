import type { ComputerTraits, MeantFor } from '@muster/contracts/agent/meant-for.js';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { describePlatforms, isListedPlatform, type PlatformFacts } from '@muster/sequence/platforms.js';
import type { Digest } from '@muster/contracts/digest.js';
import { decideForPeople, type PeoplesDecision } from '@muster/schedule/decide-for-people.js';
import type { StartFacts } from '@muster/schedule/decide-start.js';
import { nextStart } from '@muster/schedule/next-start.js';
import { latestStart } from '@muster/schedule/put-off.js';
import type { StartRules } from '@muster/schedule/start-rules.js';

/** What the sequence of a body says of its runs. */
export interface BodyFacts {
  readonly enabled: boolean;
  /** 0 is no limit. */
  readonly maximumMinutes: number;
  /** The versions of content that its enabled steps need. */
  readonly content: readonly NamedContent[];
  /** What else the sequence says of its deployments. */
  readonly properties: Pick<SequenceSpec, 'platforms' | 'highImpactText' | 'suppressNotifications' | 'estimate'>;
  /** May its runs take systems or data away? */
  readonly highImpact: boolean;
}

/** A version of content, and what people call it. */
export interface NamedContent {
  readonly name: string;
  readonly manifest: Digest;
  /** Ahead of its run it is fetched by such computers only. */
  readonly meantFor?: MeantFor;
}

/** What this computer knows when it decides. */
export interface DecidingFacts extends Pick<
  StartFacts,
  'now' | 'timeZone' | 'bootedAt' | 'loggedOnAt' | 'loggedOffAt' | 'metered' | 'onInternet' | 'writeFilter' | 'windows'
> {
  readonly os: PlatformFacts;
  readonly computer: ComputerTraits;
  /** Undefined: the body is not here. */
  body(digest: Digest): BodyFacts | undefined;
  /** The last run of a deployment that has ended here. */
  lastRun(deploymentUid: string): StartFacts['lastRun'];
  /** When people here were told that a run of it begins, if none has begun since. */
  warnedAt(deploymentUid: string): number | undefined;
  /** Until when people here put its start off, as the site lets them; undefined: they did not. */
  snoozedUntil(deploymentUid: string): number | undefined;
  /** When somebody asked for it here, if no run has begun since. */
  askedAt(deploymentUid: string): number | undefined;
  /** That the site does not permit a run to begin, as it said last; undefined: it may be asked, or need not. */
  refusal(assignment: Assignment): { readonly until: number; readonly says: string } | undefined;
}

/** What becomes of one assignment now. */
export interface AssignmentFate {
  readonly assignment: Assignment;
  /**
   * `no-body`: the site has not given it yet; `disabled`: the sequence is switched off; `no-permit`: it would start, and the
   * site does not permit it yet; `rejected`: it is for other platforms.
   */
  readonly decision:
    | PeoplesDecision
    | { readonly state: 'no-body' | 'disabled' }
    | { readonly state: 'rejected'; readonly says: string }
    | { readonly state: 'no-permit'; readonly says: string; readonly lookAgain: number };
}

/** Every assignment with what becomes of it, in the order of the policy. Changes nothing. */
export function judgeAssignments(assignments: readonly Assignment[], facts: DecidingFacts): AssignmentFate[] {
  return assignments.map((assignment) => ({ assignment, decision: judge(assignment, facts) }));
}

function judge(assignment: Assignment, facts: DecidingFacts): AssignmentFate['decision'] {
  const sequence = facts.body(assignment.body);
  if (!sequence) return { state: 'no-body' };
  if (!sequence.enabled) return { state: 'disabled' };
  const { platforms } = sequence.properties;
  if (platforms && !isListedPlatform(platforms, facts.os))
    return { state: 'rejected', says: describePlatforms(platforms, facts.os) };
  const decision = decideFor(assignment, sequence, facts);
  const refusal = decision.state === 'start' ? facts.refusal(assignment) : undefined;
  return refusal ? { state: 'no-permit', says: refusal.says, lookAgain: refusal.until } : decision;
}

function decideFor(assignment: Assignment, sequence: BodyFacts, facts: DecidingFacts): PeoplesDecision {
  const { rules, facts: known } = startFactsOf(assignment, sequence, facts);
  return decideForPeople(rules, known, facts.snoozedUntil(assignment.deployment.uid));
}

/** What `decideStart` is asked with. */
function startFactsOf(
  assignment: Assignment,
  { maximumMinutes }: BodyFacts,
  facts: DecidingFacts,
): { readonly rules: StartRules; readonly facts: StartFacts } {
  const { deployment, body: _body, rollout: _rollout, ...rules } = assignment;
  const { now, timeZone, bootedAt, loggedOnAt, loggedOffAt, metered, onInternet, writeFilter, windows } = facts;
  return {
    rules,
    facts: {
      now,
      timeZone,
      bootedAt,
      loggedOnAt,
      loggedOffAt,
      metered,
      onInternet,
      writeFilter,
      windows,
      deployedAt: deployment.createdAt === undefined ? undefined : Date.parse(deployment.createdAt),
      lastRun: facts.lastRun(deployment.uid),
      askedAt: facts.askedAt(deployment.uid),
      warnedAt: facts.warnedAt(deployment.uid),
      maximumMinutes,
    },
  };
}

/**
 * When a run begins by itself of which people can be told: of one that waits for its time or a window, or of which they were warned.
 * @returns milliseconds since 1970; undefined: none does, or nobody knows when
 */
export function beginsByItself({ assignment, decision }: AssignmentFate, facts: DecidingFacts): number | undefined {
  const sequence = facts.body(assignment.body);
  if (!sequence || assignment.purpose !== 'Required') return undefined;
  if (decision.state === 'start') {
    const isTold = decision.snoozed === true || facts.warnedAt(assignment.deployment.uid) !== undefined;
    return isTold && decision.begins > facts.now ? decision.begins : undefined;
  }
  if (decision.state !== 'waiting' || (decision.for !== 'trigger' && decision.for !== 'window')) return undefined;
  const { rules, facts: known } = startFactsOf(assignment, sequence, facts);
  return nextStart(rules, known);
}

/** Until when people may put off a start of which they were warned: its window and its end leave no more. */
export function latestStartOf(assignment: Assignment, facts: DecidingFacts): number {
  const sequence = facts.body(assignment.body);
  if (!sequence) return facts.now;
  const { rules, facts: known } = startFactsOf(assignment, sequence, facts);
  return latestStart(rules, known);
}

/** What may begin now, the first one first, and when to look again if nothing else happens. */
export interface Choice {
  readonly runs: readonly Assignment[];
  /** Milliseconds since 1970; undefined: time alone changes nothing. */
  readonly lookAgain: number | undefined;
}

/** The runs that may begin: what somebody asked for goes first, then what has been available longest, then the order of the policy. */
export function chooseRuns(fates: readonly AssignmentFate[]): Choice {
  const ready = fates
    .flatMap(({ assignment, decision }) => (decision.state === 'start' ? [{ assignment, decision }] : []))
    .sort((a, b) => rank(a.decision) - rank(b.decision) || order(since(a.assignment), since(b.assignment)));
  const later = fates.flatMap(({ decision }) =>
    'lookAgain' in decision && decision.lookAgain !== undefined ? [decision.lookAgain] : [],
  );
  return {
    runs: ready.map(({ assignment }) => assignment),
    lookAgain: later.length === 0 ? undefined : Math.min(...later),
  };
}

function rank({ because }: Extract<AssignmentFate['decision'], { state: 'start' }>): number {
  return because === 'asked' ? 0 : 1;
}

function since({ availableAt }: Assignment): number {
  return availableAt === undefined ? -Infinity : Date.parse(availableAt);
}

/** Infinities do not subtract. */
function order(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
