const FIRST_MILLISECONDS = 50;
const LONGEST_MILLISECONDS = 5000;
/** Who lived that long did not fail because of how things are. */
const STEADY_MILLISECONDS = 30_000;

/**
 * When to start a process again that ended by itself: at once or nearly so, and twice as long after each that did not last.
 * @param failures how many before it did not last
 */
export function restartDelay(
  failures: number,
  livedMilliseconds: number,
): { delayMilliseconds: number; failures: number } {
  const before = livedMilliseconds >= STEADY_MILLISECONDS ? 0 : failures;
  return { delayMilliseconds: Math.min(FIRST_MILLISECONDS * 2 ** before, LONGEST_MILLISECONDS), failures: before + 1 };
}
