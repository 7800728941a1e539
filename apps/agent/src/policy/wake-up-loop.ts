import { WAKE_UP_EVENT, type WakeUp, type WakeUpPacket, wakeUpSchema } from '@muster/contracts/agent/wake-up.js';
import type { Logger } from 'pino';
import { backoffSeconds, type Bell, pause } from '../http/backoff.js';
import { ServerError } from '../http/server-error.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';

const firstPauseSeconds = 1;
const longestPauseSeconds = 300;
/** A connection that held so long was a good one. */
const goodSeconds = 30;
const longestLine = 4096;
/** Behind the opening of a connection: so long at least a change may take to be known to every process of the site. */
const missedSeconds = 0.5;

export interface WakeUpLoopOptions {
  readonly api: Pick<SiteApi, 'wakeUps'>;
  readonly logger: Logger;
  /** Rung when it is worth trying at once. */
  readonly again: Bell;
  /** Policy may have changed: ask for it. */
  wake(): void;
  /** The site wants the facts of this computer. */
  tellInventory(): void;
  /** Computers sleep in the networks of this one. Never fails. */
  wakeNeighbours(packets: readonly WakeUpPacket[]): Promise<void>;
}

/**
 * Holds a connection to the site open and is told when policy may have changed. Nothing depends on it: without a connection the
 * device hears at its next poll. What changed while there was no connection nobody tells again, so each connection begins with a
 * question.
 */
export async function listenForWakeUps(
  { api, logger, again, wake, tellInventory, wakeNeighbours }: WakeUpLoopOptions,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const began = Date.now();
    let least = 0;
    try {
      const stream = await api.wakeUps(signal);
      void pause(missedSeconds * (1 + Math.random()), signal).then(wake);
      for await (const line of linesOf(stream)) {
        const told = readLine(line);
        if (told === undefined) continue;
        if (told.wish === 'inventory') {
          // Nobody waits for that: what comes behind it may be new policy.
          void pause(told.withinSeconds * Math.random(), signal).then(tellInventory);
          continue;
        }
        // Before the pause: the others sleep until then.
        if (told.neighbours) await wakeNeighbours(told.neighbours);
        await pause(told.withinSeconds * Math.random(), signal);
        wake();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ServerError) least = error.retryAfterSeconds ?? 0;
      logger.debug(describeError(error), 'no connection for wake-ups; policy is polled');
    }
    failures = Date.now() - began > goodSeconds * 1000 ? 1 : failures + 1;
    const seconds = backoffSeconds(failures, firstPauseSeconds, longestPauseSeconds, Math.random());
    await again.wait(Math.max(seconds, least), signal);
  }
}

/** What a line of data says; undefined for every other line. */
export function readLine(line: string): WakeUp | undefined {
  if (!line.startsWith('data:')) return undefined;
  try {
    return wakeUpSchema.safeParse(JSON.parse(line.slice('data:'.length))).data;
  } catch {
    return undefined;
  }
}

/** The lines of a stream. A line that never ends is a broken stream. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine)
      throw new ServerError('server.invalid-answer', `${WAKE_UP_EVENT}: a line without an end`, 502, undefined);
    yield* lines;
  }
}
