import { setTimeout as delay } from 'node:timers/promises';

/** Pause before try `attempt` (from 1): doubles from `firstSeconds` to `mostSeconds`, ±25 % so that a fleet spreads out. */
export function backoffSeconds(attempt: number, firstSeconds: number, mostSeconds: number, random: number): number {
  const doubled = Math.min(mostSeconds, firstSeconds * 2 ** Math.min(attempt - 1, 30));
  return doubled * (0.75 + random / 2);
}

/** Waits; comes back early, without an error, when the signal is aborted. */
export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
}

/** Something that can be waited for with a time limit, and woken from elsewhere. A wake that nobody waits for is kept. */
export class Bell {
  private rung = false;
  private waiter: (() => void) | undefined;

  ring(): void {
    this.rung = true;
    this.waiter?.();
  }

  /** Until rung, aborted, or `seconds` are over. */
  async wait(seconds: number, signal: AbortSignal): Promise<void> {
    if (!this.rung && !signal.aborted) {
      const early = new AbortController();
      this.waiter = () => early.abort();
      // Timers hold at most 2^31 ms; whoever waits longer looks again.
      await pause(Math.min(seconds, 2_000_000), AbortSignal.any([signal, early.signal]));
      this.waiter = undefined;
    }
    this.rung = false;
  }
}
