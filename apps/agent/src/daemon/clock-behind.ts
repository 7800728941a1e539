import { z } from 'zod';
import { pause } from '../http/backoff.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const lookSeconds = 10;

const noteSchema = z.object({ since: z.number() });

/** Since when the clock is behind the newest run, by this clock; undefined: it is not. Pure. */
export function afterLook(before: number | undefined, newestStart: number, now: number): number | undefined {
  if (newestStart <= now) return undefined;
  return before !== undefined && before <= now ? before : now;
}

/**
 * A clock that was set back beyond the newest run. What has begun in its future counts as begun when that was noticed, until the clock
 * has come there again: triggers behind that come, and those before it are used up. What is noted of the runs stays as it is, for clocks that
 * were only wrong for a while (computers without a battery begin in 1970) must not make anything run a second time.
 */
export class ClockBehind {
  private since: number | undefined;

  /** Reads what was noted. Changes nothing. */
  constructor(private readonly path: string) {
    this.since = parse(readIfPresent(path));
  }

  /** @param startedAt of a run; what it counts as at `now`, both in milliseconds since 1970 */
  startOf(startedAt: number, now: number): number {
    return startedAt <= now ? startedAt : Math.min(this.since ?? now, now);
  }

  /** Notes when the clock is behind, so that another start of the agent and `muster-agent list` know it. */
  look(newestStart: number, now: number): void {
    const after = afterLook(this.since, newestStart, now);
    if (after === this.since) return;
    this.since = after;
    try {
      replaceFile(this.path, `${JSON.stringify(after === undefined ? {} : { since: after })}\n`);
    } catch {
      // A disk that is full: another start of the agent notices anew.
    }
  }

  /** Looks every ten seconds, until aborted. */
  async run(newestStart: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.look(newestStart(), Date.now());
      await pause(lookSeconds, signal);
    }
  }
}

/** A note that is damaged is made anew. */
function parse(text: string | undefined): number | undefined {
  try {
    return text === undefined ? undefined : noteSchema.safeParse(JSON.parse(text)).data?.since;
  } catch {
    return undefined;
  }
}
