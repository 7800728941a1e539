import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';

/** A comment this often keeps proxies from closing a quiet stream. */
const KEEP_ALIVE_MILLISECONDS = 15_000;
/** A reader that lets this much wait is cut off; it can go on from its Last-Event-ID. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** Sends an observable as server-sent events until the client leaves, the source ends, or the service stops. */
export function streamEvents<Item>(
  request: FastifyRequest,
  reply: FastifyReply,
  source: Observable<Item>,
  format: (item: Item) => { id: string | undefined; event: string; data: unknown },
): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    Connection: 'keep-alive',
    'X-Accel-Buffering': 'no',
  });
  raw.write(': stream begins\n\n');
  const timer = setInterval(() => raw.write(': still here\n\n'), KEEP_ALIVE_MILLISECONDS);
  const subscription = source.subscribe({
    next(item) {
      const { id, event, data } = format(item);
      raw.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (raw.writableLength > MOST_WAITING_BYTES) raw.destroy();
    },
    error() {
      // The client reconnects and goes on from the last id it saw.
      raw.destroy();
    },
    complete() {
      raw.end();
    },
  });
  const end = () => {
    clearInterval(timer);
    subscription.unsubscribe();
    openStreams.delete(close);
  };
  const close = () => raw.end();
  openStreams.add(close);
  raw.on('close', end);
  request.raw.on('aborted', end);
}

const openStreams = new Set<() => void>();

/** Ends every open stream: a stopping service must not wait for watchers. */
export function closeEventStreams(): void {
  for (const close of openStreams) close();
}
