/** What became of one attempt. */
export type Answer =
  { readonly status: number; readonly retryAfterSeconds?: number | undefined } | { readonly error: string };

/**
 * What it means. `unreachable`: nothing would get through now, so everything waits; `refused`: this event was not taken, others may be;
 * `gone`: the receiver wants no more.
 */
export type Meaning = 'delivered' | 'unreachable' | 'refused' | 'gone';

/** Of an event that is refused: so long after the attempt before, as Standard Webhooks suggests. Ten attempts in about 75 hours. */
const RETRY_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 300;
/** A receiver may ask for a longer pause, up to this. */
const LONGEST_WISH_SECONDS = 3_600;
/** Up to a fifth is added by chance, so that what failed together does not come back together. */
const JITTER = 0.2;

/** Statuses of proxies, overloaded servers and limits: the receiver itself has not looked at the event. */
const UNREACHABLE = [408, 425, 429, 502, 503, 504];

/** Says what an answer means. Pure. */
export function meaningOf(answer: Answer): Meaning {
  if ('error' in answer) return 'unreachable';
  if (answer.status >= 200 && answer.status < 300) return 'delivered';
  if (answer.status === 410) return 'gone';
  return UNREACHABLE.includes(answer.status) ? 'unreachable' : 'refused';
}

/**
 * Seconds until an event that was refused is tried again; undefined: it was tried often enough. Pure.
 *
 * @param attempts that were made, at least 1
 * @param chance from 0 to 1
 */
export function retrySeconds(attempts: number, chance: number): number | undefined {
  const seconds = RETRY_SECONDS[attempts - 1];
  return seconds === undefined ? undefined : seconds * (1 + JITTER * chance);
}

/**
 * Seconds until an address that cannot be reached is tried again. Pure.
 *
 * @param failures in a row, at least 1
 */
export function pauseSeconds(failures: number, answer: Answer, chance: number): number {
  const wish = 'status' in answer ? (answer.retryAfterSeconds ?? 0) : 0;
  const own = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** Math.min(failures - 1, 10));
  return Math.max(own, Math.min(wish, LONGEST_WISH_SECONDS)) * (1 + JITTER * chance);
}

/** An attempt in one sentence. Pure. */
export function describeAnswer(answer: Answer): string {
  return 'error' in answer ? answer.error : `it answered ${answer.status}`;
}
