import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Metrics } from './health/metrics.js';

/**
 * Answers one kind of request before any framework sees it, for what a whole fleet asks all the time. It decides at once and out of
 * memory; whatever is not plain goes the usual way, which answers the same.
 */
export interface Shortcut {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Headers of the answer, which has no body; undefined: the usual way. Authentication is its own matter. */
  answer(request: IncomingMessage): Record<string, string> | undefined;
}

/** Puts a shortcut in front of a server. It counts in the metrics like any request; it is not in the log at any level. */
export function takeShortcut(
  server: FastifyInstance,
  { method, path, status, answer }: Shortcut,
  metrics: Metrics,
): void {
  const { server: http } = server;
  const usual = http.listeners('request') as RequestListener[];
  const observe = metrics.requestsOf({ method, route: path, status });
  http.removeAllListeners('request');
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // A server that stops says so, which only the usual way does.
    const headers = request.url === path && request.method === method && http.listening ? answer(request) : undefined;
    if (!headers) {
      for (const handle of usual) handle.call(http, request, response);
      return;
    }
    const began = performance.now();
    response.writeHead(status, headers).end();
    observe((performance.now() - began) / 1000);
  });
}
