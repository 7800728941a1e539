import type { Assignment } from '@muster/contracts/agent/policy.js';
import { lastOccurrence, nextOccurrence } from '@muster/schedule/occurrences.js';
import type { Schedule } from '@muster/schedule/schedule.js';
import { ON_ITS_WAY } from '@muster/contracts/agent/content.js';
import { momentInstant } from '@muster/schedule/zoned-time.js';
import { backoffSeconds } from '../http/backoff.js';
import type { AssignmentFate } from '../policy/decide.js';
import type { Preparation } from './preparations.js';

/** Without an end of the deployment, content is waited for so long: as often as a full cache is tried again (content.md, 6: 18 times in 4 hours each). */
export const LONGEST_WAIT_HOURS = 72;
/** What was found is good for so long: another run may have been in between. */
const goodMilliseconds = 60_000;
const [firstRetrySeconds, mostRetrySeconds] = [5, 3600];
/** The last try comes so long before the deadline. */
const lastTryMilliseconds = 10_000;
/** What no later try mends. */
const lasting = new Set(['content.removed', 'content.larger-than-cache']);

/** What is known where it is judged. Instants are milliseconds since 1970. */
export interface PreparationFacts {
  readonly now: number;
  readonly timeZone: string;
  /** Is all content that the body names in the cache? */
  readonly complete: boolean;
  readonly lastRunStartedAt: number | undefined;
  readonly metered: boolean;
}

/**
 * `ready`: the run may begin; `refused`: it fails; `work`: look where its content is, or fetch it, now; `wait`: the same later;
 * `idle`: nothing is to be done.
 */
export type PreparationVerdict =
  | { readonly verdict: 'ready' | 'idle' }
  | { readonly verdict: 'work'; readonly starting: boolean; readonly deadline: number | undefined }
  | { readonly verdict: 'wait'; readonly until: number }
  | { readonly verdict: 'refused'; readonly code: string; readonly message: string };

/** What is to be done for the content of a deployment (deployments.md section 7, stages 10 and 11; section 9). */
export function judgePreparation(
  { assignment, decision }: AssignmentFate,
  known: Preparation | undefined,
  facts: PreparationFacts,
): PreparationVerdict {
  const { now, complete, timeZone } = facts;
  const starting = decision.state === 'start';
  if (decision.state === 'held') return { verdict: 'idle' };
  const found = known && !isOver(known, facts.lastRunStartedAt) ? known : undefined;
  const since = found?.since === undefined ? undefined : Date.parse(found.since);
  const deadline = since === undefined ? undefined : deadlineOf(assignment, since, timeZone);
  if (starting && complete) return { verdict: 'ready' };
  if (starting && found?.refused) return { verdict: 'refused', ...found.refused };
  if (found && deadline !== undefined && now >= deadline && isWaitedFor(assignment.purpose, found.code)) {
    // A download that goes on is let go on; what has expired never starts.
    if (found.state === 'waiting' || (found.state === 'working' && decision.state === 'expired'))
      return { verdict: 'refused', ...tooLate(found) };
  }
  if (!starting && !(mayFetchAhead({ assignment, decision }, facts) && !complete)) {
    const next = complete ? undefined : nextEarlyTime({ assignment, decision }, facts);
    return next === undefined ? { verdict: 'idle' } : { verdict: 'wait', until: next };
  }
  const sameBody = found?.body === assignment.body ? found : undefined;
  if (starting && sameBody?.state === 'ready' && content(assignment) !== 'BeforeStart') {
    const checkedAt = Date.parse(sameBody.checkedAt ?? '');
    if (checkedAt <= now && now - checkedAt < goodMilliseconds) return { verdict: 'ready' };
  }
  const nextTry = sameBody?.state === 'waiting' ? Date.parse(sameBody.nextTryAt ?? '') : NaN;
  // A trigger that has come since is a reason to try at once.
  if (nextTry > now && (since !== undefined || !starting))
    return { verdict: 'wait', until: Math.min(nextTry, deadline ?? Infinity) };
  return { verdict: 'work', starting, deadline };
}

/** When a run that waits for its content since an instant fails: at the end of the deployment, or after 72 hours. */
export function deadlineOf({ expiresAt }: Pick<Assignment, 'expiresAt'>, since: number, timeZone: string): number {
  return expiresAt === undefined ? since + LONGEST_WAIT_HOURS * 3_600_000 : momentInstant(expiresAt, timeZone);
}

/** What becomes of a run whose content could not be had: it fails, or is tried again at an instant. */
export function afterFailure(
  purpose: Assignment['purpose'],
  code: string,
  { tries, starting, now, deadline, random }: FailureFacts,
): { readonly refused: true } | { readonly nextTry: number } {
  if (starting && (!isWaitedFor(purpose, code) || lasting.has(code))) return { refused: true };
  const usual = now + backoffSeconds(tries, firstRetrySeconds, mostRetrySeconds, random) * 1000;
  const last = (deadline ?? Infinity) - lastTryMilliseconds;
  return { nextTry: last > now ? Math.min(usual, last) : Math.max(now, deadline ?? usual) };
}

/** Required runs wait for their content; all do for what the site has begun to bring because they asked for it. */
function isWaitedFor(purpose: Assignment['purpose'], code: string | undefined): boolean {
  return purpose === 'Required' || code === ON_ITS_WAY;
}

export interface FailureFacts {
  /** This one is counted. */
  readonly tries: number;
  readonly starting: boolean;
  readonly now: number;
  readonly deadline: number | undefined;
  /** 0 to 1. */
  readonly random: number;
}

/** How a deployment wants its content. */
export function content(assignment: Assignment): NonNullable<Assignment['content']> {
  return assignment.content ?? 'AsNeeded';
}

/** May content come before anything makes the deployment run: when it is available, and will run, or is Available and says so. */
function mayFetchAhead(
  { assignment, decision }: AssignmentFate,
  { lastRunStartedAt, metered, now, timeZone }: PreparationFacts,
): boolean {
  // Ahead of its trigger nothing goes over a connection that costs.
  if (metered) return false;
  if (assignment.purpose === 'Available') return assignment.fetchAhead === true && decision.state === 'offered';
  if (content(assignment) !== 'BeforeStart') return false;
  if (decision.state === 'no-permit') return true;
  if (decision.state !== 'waiting') return false;
  if (decision.for === 'availability')
    return schedulesOf(assignment).some((one) => lastOccurrence(one, now, timeZone) !== undefined);
  if (decision.for !== 'window' && decision.for !== 'trigger') return false;
  if (decision.for === 'window') return decision.neverFits !== true;
  const { triggers = [] } = assignment;
  const runsAtEvents = triggers.some((trigger) => 'event' in trigger && trigger.event !== 'AsSoonAsPossible');
  const hasTimes = triggers.some((trigger) => 'schedule' in trigger);
  return runsAtEvents || (decision.lookAgain !== undefined && (hasTimes || lastRunStartedAt === undefined));
}

/**
 * The first time of a schedule that comes before the deployment is available: from it on its content comes, though its run waits
 * (deployments.md, 3.3 and 14). Undefined: nothing is fetched at a time before.
 */
function nextEarlyTime(
  { assignment, decision }: AssignmentFate,
  { now, timeZone, metered }: PreparationFacts,
): number | undefined {
  const mayCome = assignment.purpose === 'Required' && content(assignment) === 'BeforeStart' && !metered;
  if (!mayCome || decision.state !== 'waiting' || decision.for !== 'availability') return undefined;
  const times = schedulesOf(assignment).flatMap((one) => nextOccurrence(one, now, timeZone) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

function schedulesOf({ triggers = [] }: Assignment): Schedule[] {
  return triggers.flatMap((trigger) => ('schedule' in trigger ? [trigger.schedule] : []));
}

/** Was it for a run that has been? Only a crash leaves such a one. */
export function isOver({ since }: Preparation, lastRunStartedAt: number | undefined): boolean {
  return since !== undefined && lastRunStartedAt !== undefined && Date.parse(since) <= lastRunStartedAt;
}

/** The clock of the site may be ahead of this one: what it takes away so long before its end has ended. */
const CLOCKS_DIFFER = 60_000;

/**
 * What becomes of a run that waits for content when its deployment is gone. When that is because its end has come, the run fails as it would
 * with the deployment still there, and is reported; else nobody wants it any more.
 */
export function judgeLeft(
  known: Preparation,
  now: number,
):
  | { readonly verdict: 'idle' }
  | { readonly verdict: 'wait'; readonly until: number }
  | { readonly verdict: 'refused'; readonly code: string; readonly message: string } {
  const { since, state, deadline } = known;
  if (since === undefined || state === 'ready' || deadline === undefined) return { verdict: 'idle' };
  const end = Date.parse(deadline);
  if (end - now > CLOCKS_DIFFER) return { verdict: 'idle' };
  return now < end ? { verdict: 'wait', until: end } : { verdict: 'refused', ...tooLate(known) };
}

function tooLate({ since, tries, code = 'content.no-location', message = '' }: Preparation): {
  code: string;
  message: string;
} {
  const why = `${code}: ${message}`;
  return {
    code: 'content.deadline-passed',
    message: `its content did not come until the deadline, since ${since}, in ${tries} tries; the last one ended with ${why}`,
  };
}
