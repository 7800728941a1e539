const MOST_ATTEMPTS = 20;
/** Of transfers that a store holds up, by silence or by refusing: with a minute between them about three days. */
const MOST_ATTEMPTS_AT_STORES = 4_320;
const LONGEST_DELAY_SECONDS = 60;
const LONGEST_REASON = 1_000;

/** How one attempt of a job came out. */
export type JobOutcome =
  | { state: 'available' }
  /** Given back: the worker is stopping. */
  | { state: 'pending' }
  /** `unanswered`: the point says nothing at all. */
  | { state: 'retrying'; reason: string; delaySeconds: number; unanswered?: true }
  /** Nothing is wrong but that another site is away: the attempt does not count, and it is tried for ever. */
  | { state: 'waiting'; reason: string; delaySeconds: number }
  /** Another transfer to the point brings the rest: it goes on when that is over, however it ends. */
  | { state: 'waiting'; reason: string; delaySeconds: 0; behind: number }
  /** None of the points that it is pulled from has it. */
  | { state: 'waiting'; reason: string; delaySeconds: number; toPull: true }
  | { state: 'failed'; reason: string };

/** How often a transfer looks whether another site is there again. */
const WAIT_SECONDS = 5;

/** What follows when the site that has the bytes cannot be asked. Pure. @param chance from 0 to 1 */
export function afterWaiting(reason: string, chance: number): JobOutcome {
  return { state: 'waiting', reason: shortened(reason), delaySeconds: WAIT_SECONDS * (1 - 0.2 * chance) };
}

/**
 * What follows a failed attempt: another one after 1, 2, 4 … 60 seconds, a little sooner by chance so that jobs do not
 * march in step; after 20 attempts none. Pure.
 *
 * @param attempts how many there were, this one included
 * @param chance from 0 to 1
 */
export function afterFailure(attempts: number, reason: string, chance: number): JobOutcome {
  return tryAgain(attempts, MOST_ATTEMPTS, reason, chance);
}

/**
 * The same where a store is the reason: lines are cut for a night, disks are full for a weekend, and nobody shall have to start
 * everything again afterwards. Given up after about three days. Pure.
 *
 * @param isPointSilent the point says nothing at all
 */
export function afterStoreFailure(
  attempts: number,
  reason: string,
  chance: number,
  isPointSilent: boolean,
): JobOutcome {
  const outcome = tryAgain(attempts, MOST_ATTEMPTS_AT_STORES, reason, chance);
  return outcome.state === 'retrying' && isPointSilent ? { ...outcome, unanswered: true } : outcome;
}

function tryAgain(attempts: number, mostAttempts: number, reason: string, chance: number): JobOutcome {
  const short = shortened(reason);
  if (attempts >= mostAttempts) return { state: 'failed', reason: short };
  const delay = Math.min(LONGEST_DELAY_SECONDS, 2 ** (attempts - 1));
  return { state: 'retrying', reason: short, delaySeconds: delay * (1 - 0.2 * chance) };
}

function shortened(reason: string): string {
  return reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}…` : reason;
}
