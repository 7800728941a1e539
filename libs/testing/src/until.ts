/** Waits until the condition holds; throws after `milliseconds`, saying what the last look gave. */
export async function until(condition: () => boolean | Promise<boolean>, milliseconds = 15_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > deadline)
      throw new Error(`still not so after ${milliseconds} ms: ${condition.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
