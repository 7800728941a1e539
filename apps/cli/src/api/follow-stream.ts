import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from './api-client.js';
import { isTemporary } from './api-error.js';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.js';

export interface FollowStreamOptions {
  readonly signal: AbortSignal;
  /** Told when the connection broke, and when it is there again. */
  onNote(line: string): void;
  /** A site that stays away longer than this ends the watch. Default 300. */
  readonly giveUpSeconds?: number;
  /** Start again without a position when the site has forgotten what came behind it; otherwise that is an error. */
  readonly beginsAnew?: boolean;
}

/**
 * Reads a stream of server-sent events for as long as the caller wants, across broken connections: it goes on behind the last id it
 * has seen. Ends without an error when the signal is aborted.
 */
export async function* followStream(
  client: ApiClient,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  options: FollowStreamOptions,
): AsyncGenerator<ServerSentEvent> {
  const { signal } = options;
  const giveUpSeconds = options.giveUpSeconds ?? 300;
  let lastEventId: string | undefined;
  let connectedOnce = false;
  let brokenSince: number | undefined;
  let pause = 200;
  while (!signal.aborted) {
    try {
      const body = await client.stream(path, query, lastEventId, signal);
      if (brokenSince !== undefined) options.onNote('the connection is back; going on where it broke');
      connectedOnce = true;
      brokenSince = undefined;
      pause = 200;
      for await (const event of readServerSentEvents(body)) {
        // Only behind the listing is there an id to go on from; a watch that broke before begins anew.
        if (event.id !== '') lastEventId = event.id;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      const forgotten = (error as { code?: unknown }).code === 'request.watch-too-old';
      if (options.beginsAnew && lastEventId !== undefined && forgotten) {
        lastEventId = undefined;
        continue;
      }
      if (!connectedOnce || !(isTemporary(error) || brokenStream(error))) throw error;
      if (brokenSince !== undefined && performance.now() - brokenSince > giveUpSeconds * 1000) throw error;
    }
    if (signal.aborted) return;
    if (brokenSince === undefined) options.onNote('the connection broke; trying again');
    brokenSince ??= performance.now();
    await delay(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * 2, 3000);
  }
}

/** Errors of a body that ended early have codes of undici or of the socket. */
function brokenStream(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(UND_ERR_|ECONN|EPIPE|ETIMEDOUT)/.test(code);
}
