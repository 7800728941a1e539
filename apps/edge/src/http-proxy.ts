import httpProxy from '@fastify/http-proxy';
import Fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { EdgeConfig } from './config.js';
import { sendProblem } from './problem.js';
import { detachBody, drainAfterAnswer } from './request-body.js';
import { routeHttp } from './routes.js';
import { connectUpstream } from './upstream-connection.js';

const retryDelayMilliseconds = 250;
const retryAfterSeconds = 1;
/** Nothing listens, or it went away before an answer: asking again cannot do anything twice that GET does not. */
const connectionFailures = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Headers of one connection, not of the message; `expect` is answered by this server itself. */
const hopHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
/** Every open watch holds one. */
const maxConnectionsPerService = 60_000;
/** A port on which nothing listens: a service without an upstream is one that is down. */
const nowhere = 1;

/** How patient the proxy is. */
export interface EdgeLimits {
  /** How long a client may go on sending a request that was answered already, default 10 s. */
  readonly drainMilliseconds?: number;
}

/** The HTTP side of the proxy, not listening yet. */
export async function createHttpProxy(config: EdgeConfig, limits: EdgeLimits = {}): Promise<FastifyInstance> {
  const { drainMilliseconds = 10_000 } = limits;
  const app = Fastify({
    logger: { level: config.logLevel, base: { service: 'edge' } },
    logController: new LogController({ disableRequestLogging: true }),
    // The router would refuse long or oddly encoded paths before the services could say what is wrong with them.
    routerOptions: { maxParamLength: 2000 },
  });
  // The edge has nothing of its own to show: a visitor is sent to a page that asks who is there.
  app.get('/', (_request, reply) => reply.redirect('/docs/catalog/'));
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', () => ({ status: 'ok' }));
  app.setErrorHandler((error, request, reply) => {
    request.log.error({ err: error }, 'request failed in the proxy');
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status >= 400 && status < 500) {
      return sendProblem(reply, {
        status,
        code: 'edge.bad-request',
        title: 'The request cannot be forwarded',
        detail: messageOf(error),
      });
    }
    return sendProblem(reply, {
      status: 500,
      code: 'edge.internal',
      title: 'The proxy failed',
      detail: 'see the log of the edge proxy',
    });
  });
  app.setNotFoundHandler((request, reply) => noRoute(request, reply));

  await app.register(httpProxy, {
    upstream: '',
    routes: ['/*'],
    undici: {
      // A watch may be silent for as long as nothing happens.
      bodyTimeout: 0,
      headersTimeout: 300_000,
      connect: connectUpstream,
      connections: maxConnectionsPerService,
      pipelining: 1,
    },
    destroyAgent: true,
    disableRequestLogging: true,
    preHandler: (request, reply, done) => {
      const route = routeHttp(pathOf(request));
      if (route === null || 'redirect' in route) drainAfterAnswer(request, reply, drainMilliseconds);
      if (route === null) return void noRoute(request, reply);
      if ('redirect' in route) return void reply.redirect(route.redirect, 302);
      detachBody(request);
      done();
    },
    preRewrite: (url) => rewritePath(url),
    replyOptions: {
      getUpstream: (request) => `http://127.0.0.1:${upstreamPort(config, pathOf(request))}`,
      rewriteRequestHeaders: (request, headers) => ({
        ...withoutHopHeaders(headers),
        host: request.headers.host ?? '',
        'x-request-id': request.headers['x-request-id'] ?? randomUUID(),
        'x-forwarded-for': request.socket.remoteAddress ?? '',
        'x-forwarded-host': request.headers.host ?? '',
        'x-forwarded-proto': 'http',
      }),
      rewriteHeaders: withoutHopHeaders,
      retryDelay: ({ err, req, attempt }) => {
        // Only what has no effect is asked again, and only once.
        const again = attempt === 0 && (req.method === 'GET' || req.method === 'HEAD') && isConnectionFailure(err);
        return again ? retryDelayMilliseconds : null;
      },
      onResponse: (request, reply, response) => {
        drainAfterAnswer(request as FastifyRequest, reply as FastifyReply, drainMilliseconds);
        void reply.send('stream' in response ? response.stream : response);
        // A watch shows that it is open before its first event.
        if (!reply.raw.headersSent && 'flushHeaders' in reply.raw) reply.raw.flushHeaders();
      },
      onError: (reply, { error }) => {
        drainAfterAnswer(reply.request as FastifyRequest, reply as FastifyReply, drainMilliseconds);
        upstreamFailed(reply as FastifyReply, error);
      },
    },
  });
  return app;
}

function pathOf(request: { readonly url?: string | undefined }): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function rewritePath(url: string): string {
  const route = routeHttp(pathOf({ url }));
  return route !== null && 'path' in route ? route.path + url.slice(pathOf({ url }).length) : url;
}

function upstreamPort(config: EdgeConfig, path: string): number {
  const route = routeHttp(path);
  if (route === null || 'redirect' in route) return nowhere;
  return config.upstreams[route.service]?.http ?? nowhere;
}

function noRoute(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendProblem(reply, {
    status: 404,
    code: 'edge.no-route',
    title: 'No such address',
    detail: `no service owns ${pathOf(request)}; the list of services is at /`,
  });
}

function upstreamFailed(reply: FastifyReply, error: Error): FastifyReply {
  const { request } = reply;
  const cause = errorCode(error.cause) ?? errorCode(error) ?? 'unknown';
  const route = routeHttp(pathOf(request));
  const service = route !== null && 'service' in route ? route.service : 'service';
  request.log.warn({ service, cause, method: request.method, path: pathOf(request) }, 'upstream failed');
  if (cause === 'UND_ERR_INVALID_ARG') {
    return sendProblem(reply, {
      status: 400,
      code: 'edge.bad-request',
      title: 'The request cannot be forwarded',
      detail: messageOf(error),
    });
  }
  if (cause === 'UND_ERR_HEADERS_TIMEOUT') {
    return sendProblem(reply, {
      status: 504,
      code: 'edge.upstream-timeout',
      title: 'The service did not answer in time',
      detail: `${service} did not answer in time`,
    });
  }
  void reply.header('retry-after', String(retryAfterSeconds));
  return sendProblem(reply, {
    status: 503,
    code: 'edge.upstream-unavailable',
    title: 'The service is not available',
    detail: `${service} is not available at the moment (${cause}); try again`,
  });
}

function withoutHopHeaders<Headers extends Readonly<Record<string, unknown>>>(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name))) as Headers;
}

function isConnectionFailure(error: unknown): boolean {
  return connectionFailures.has(errorCode(error) ?? '');
}

function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
