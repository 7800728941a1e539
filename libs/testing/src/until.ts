/** A deadline is only there to give up: a busy machine takes seconds for what an idle one does in milliseconds. */
const patienceMilliseconds = 60_000;
const leastPauseMilliseconds = 20;
/** Who looks rarely sees late: so long at most for having waited long, and for looks that take long. */
const mostPauseForWaiting = 250;
const mostPauseForLooking = 1000;

/**
 * Waits until the condition holds. Throws after `milliseconds`, saying which; a condition that throws ends the waiting at once.
 * What it waits for needs the processor that looking takes: it pauses twice as long as the last look took, and longer the longer it has
 * waited.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = patienceMilliseconds,
): Promise<void> {
  const begun = performance.now();
  const deadline = begun + milliseconds;
  for (;;) {
    const started = performance.now();
    if (await condition()) return;
    const now = performance.now();
    if (now > deadline) throw new Error(`still not so after ${milliseconds} ms: ${condition.toString().slice(0, 200)}`);
    const forLooking = Math.min(2 * (now - started), mostPauseForLooking);
    const forWaiting = Math.min((now - begun) / 8, mostPauseForWaiting);
    const pause = Math.max(forLooking, forWaiting, leastPauseMilliseconds);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
