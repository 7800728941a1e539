/** A deadline is only there to give up: a busy machine takes seconds for what an idle one does in milliseconds. */
const patienceMilliseconds = 60_000;
const leastPauseMilliseconds = 20;
const mostPauseMilliseconds = 1000;

/**
 * Waits until the condition holds. Throws after `milliseconds`, saying which; a condition that throws ends the waiting at once.
 * Between two looks it pauses as long as the last look took: a look that starts a program takes its time from what it waits for.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = patienceMilliseconds,
): Promise<void> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const started = performance.now();
    if (await condition()) return;
    if (Date.now() > deadline)
      throw new Error(`still not so after ${milliseconds} ms: ${condition.toString().slice(0, 200)}`);
    const took = performance.now() - started;
    const pause = Math.min(Math.max(took, leastPauseMilliseconds), mostPauseMilliseconds);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
