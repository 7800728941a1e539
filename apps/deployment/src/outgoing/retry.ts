/** Of what its receiver refused: so long after the attempt before, as Standard Webhooks suggests. Ten attempts in about 75 hours. */
const RETRY_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 300;
/** A receiver may ask for a longer pause, up to this. */
const LONGEST_WISH_SECONDS = 3_600;
/** Up to a fifth is added by chance, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * Seconds until what a receiver did not take is tried again; undefined: it was tried often enough. Pure.
 *
 * @param attempts that were made, at least 1
 * @param chance from 0 to 1
 */
export function retrySeconds(attempts: number, chance: number): number | undefined {
  const seconds = RETRY_SECONDS[attempts - 1];
  return seconds === undefined ? undefined : seconds * (1 + JITTER * chance);
}

/**
 * Seconds until a receiver that cannot be reached is tried again. Pure.
 *
 * @param failures in a row, at least 1
 * @param chance from 0 to 1
 * @param wishSeconds as the receiver asked
 */
export function pauseSeconds(failures: number, chance: number, wishSeconds = 0): number {
  const own = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** Math.min(failures - 1, 10));
  return Math.max(own, Math.min(wishSeconds, LONGEST_WISH_SECONDS)) * (1 + JITTER * chance);
}
