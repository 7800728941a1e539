/** A deadline is only there to give up: a busy machine takes seconds for what an idle one does in milliseconds. */
const patienceMilliseconds = 60_000;
const lookMilliseconds = 20;

/** Waits until the condition holds. Throws after `milliseconds`, saying which; a condition that throws ends the waiting at once. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = patienceMilliseconds,
): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > deadline)
      throw new Error(`still not so after ${milliseconds} ms: ${condition.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, lookMilliseconds));
  }
}
