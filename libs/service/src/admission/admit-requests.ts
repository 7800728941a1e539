import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { MusterError, toProblem } from '@muster/platform/errors.js';
import type { Metrics } from '../health/metrics.js';
import { Admission } from './admission.js';

/** A larger body is not read only to refuse it. */
const MOST_BYTES_READ = 65_536;

/**
 * Lets in to the named routes (POST) only as many requests as can be answered soon. Everybody else hears 503 with a Retry-After of their own,
 * before any framework, database or signature: sending away has to cost next to nothing, or a fleet that comes back at once keeps a site from
 * serving anybody. The connection is closed behind the answer, because so many could not be held open.
 */
export function admitRequests(
  server: FastifyInstance,
  paths: readonly string[],
  metrics: Pick<Metrics, 'requestsOf'>,
  admission = new Admission(),
): void {
  const { server: http } = server;
  const usual = http.listeners('request') as RequestListener[];
  const observers = new Map(
    paths.map((path) => [path, metrics.requestsOf({ method: 'POST', route: path, status: 503 })]),
  );
  http.removeAllListeners('request');
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const observe = request.method === 'POST' ? observers.get(request.url ?? '') : undefined;
    const handle = (): void => usual.forEach((one) => void one.call(http, request, response));
    if (!observe) return handle();
    const began = performance.now();
    ifStillThere(request, () => {
      const now = performance.now();
      const seconds = admission.enter(now, Math.random());
      if (seconds !== undefined) {
        sendAway(request, response, seconds);
        observe((performance.now() - began) / 1000);
        return;
      }
      response.once('close', () => admission.leave(performance.now()));
      handle();
    });
  });
}

/**
 * Goes on unless the client has hung up. Thousands wait in front of a process that is busy, each no longer than its patience: were they all
 * served in their order, every answer would come too late for the one who asked, and nobody would ever be served. A connection that was closed behind
 * its request is known to be two turns of the event loop later: the first one reads the request, the second one the end.
 */
function ifStillThere(request: IncomingMessage, go: () => void): void {
  setImmediate(() =>
    setImmediate(() => {
      if (!request.destroyed && !request.socket.destroyed) go();
    }),
  );
}

function sendAway(request: IncomingMessage, response: ServerResponse, seconds: number): void {
  const problem = toProblem(
    new MusterError(
      'unavailable',
      'service.busy',
      `More want this than can be served right now. Come again in ${seconds} s`,
    ),
    request.url,
  );
  const body = JSON.stringify(problem);
  const answer = (): void => {
    response.writeHead(problem.status, {
      'Content-Type': 'application/problem+json',
      'Content-Length': Buffer.byteLength(body),
      'Retry-After': String(seconds),
      Connection: 'close',
    });
    response.end(body);
  };
  // A connection that is closed over bytes that nobody read is reset, and the answer may be lost with it.
  if (Number(request.headers['content-length'] ?? MOST_BYTES_READ) < MOST_BYTES_READ) {
    request.once('end', answer);
    request.resume();
  } else answer();
}
