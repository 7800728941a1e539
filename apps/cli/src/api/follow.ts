import { setTimeout as delay } from 'node:timers/promises';
import type { Kind, Resource } from '@muster/contracts/resource.js';
import type { ApiClient } from './api-client.js';
import { isTemporary } from './api-error.js';
import { readServerSentEvents } from './server-sent-events.js';

/** `existing` for what was there when the watch began, then what happens. */
export interface WatchEvent<Spec = unknown, Status = unknown> {
  readonly type: 'existing' | 'saved' | 'deleted';
  readonly resource: Resource<Spec, Status>;
}

export interface FollowOptions {
  /** Only this object. */
  readonly name?: string | undefined;
  readonly signal: AbortSignal;
  /** Told when the connection broke, and when it is there again. */
  onNote(line: string): void;
  /** A site that stays away longer than this ends the watch. Default 300. */
  readonly giveUpSeconds?: number;
}

/**
 * Follows a kind for as long as the caller reads, across broken connections: it goes on behind the last change it has seen.
 * Objects may come twice as `existing`. Ends without an error when the signal is aborted.
 */
export async function* follow<Spec, Status>(
  client: ApiClient,
  kind: Kind<Spec, Status>,
  options: FollowOptions,
): AsyncGenerator<WatchEvent<Spec, Status>> {
  const { signal } = options;
  const giveUpSeconds = options.giveUpSeconds ?? 300;
  let lastEventId: string | undefined;
  let connectedOnce = false;
  let brokenSince: number | undefined;
  let pause = 200;
  while (!signal.aborted) {
    try {
      const body = await client.stream(
        `/api/v1/${kind.plural}`,
        { watch: 'true', name: options.name },
        lastEventId,
        signal,
      );
      if (brokenSince !== undefined) options.onNote('the connection is back; going on where it broke');
      connectedOnce = true;
      brokenSince = undefined;
      pause = 200;
      for await (const event of readServerSentEvents(body)) {
        // Only behind the listing is there an id to go on from; a watch that broke before begins anew.
        if (event.id !== '') lastEventId = event.id;
        const type = event.event as WatchEvent['type'] | 'listed';
        if (type === 'listed') continue;
        yield { type, resource: JSON.parse(event.data) as Resource<Spec, Status> };
      }
    } catch (error) {
      if (signal.aborted) return;
      if (lastEventId !== undefined && (error as { code?: unknown }).code === 'request.watch-too-old') {
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
