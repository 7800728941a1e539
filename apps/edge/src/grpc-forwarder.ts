import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { EdgeConfig } from './config.js';
import { routeGrpc, type ServiceName } from './routes.js';

const grpcStatus = { unimplemented: '12', unavailable: '14' } as const;

/**
 * The gRPC side of the proxy: an h2c server that hands each stream to the service that owns its path, as it is:
 * headers, messages in both directions, trailers, cancellation. It reads no message. It does not listen: connections
 * are given to it with `emit('connection', socket)`.
 */
export function createGrpcForwarder(config: EdgeConfig): { server: Http2Server; close: () => void } {
  const upstreams = new Upstreams(config);
  const server = createServer();
  const sessions = new Set<{ destroy: () => void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => forward(stream, headers, upstreams));
  return {
    server,
    close: () => {
      for (const session of sessions) session.destroy();
      upstreams.close();
    },
  };
}

/** One HTTP/2 session per service, opened when needed and again after it was lost. */
class Upstreams {
  readonly #sessions = new Map<ServiceName, ClientHttp2Session>();

  constructor(private readonly config: EdgeConfig) {}

  session(service: ServiceName): ClientHttp2Session | null {
    const open = this.#sessions.get(service);
    if (open !== undefined && !open.closed && !open.destroyed) return open;
    const port = this.config.upstreams[service]?.grpc;
    if (port === undefined) return null;
    const session = connect(`http://127.0.0.1:${port}`);
    // The streams of a lost session tell their callers; the session itself has nobody to tell.
    session.on('error', () => undefined);
    session.once('close', () => {
      if (this.#sessions.get(service) === session) this.#sessions.delete(service);
    });
    this.#sessions.set(service, session);
    return session;
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
  }
}

function forward(client: ServerHttp2Stream, headers: IncomingHttpHeaders, upstreams: Upstreams): void {
  client.on('error', () => undefined);
  const path = headers[':path'] ?? '';
  const service = routeGrpc(path);
  if (service === null) return end(client, grpcStatus.unimplemented, `no service owns ${path}`);
  const session = upstreams.session(service);
  if (session === null) return end(client, grpcStatus.unavailable, `${service} is not available`);
  let upstream: ClientHttp2Stream;
  try {
    // As over HTTP: what the caller says of itself counts for nothing.
    const from = { 'x-forwarded-for': client.session?.socket.remoteAddress ?? '' };
    upstream = session.request({ ...headers, ...from }, { endStream: client.readableEnded });
  } catch {
    return end(client, grpcStatus.unavailable, `${service} is not available`);
  }
  let trailers: IncomingHttpHeaders | null = null;
  upstream.once('response', (response, flags) => {
    if (client.destroyed) return;
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      client.respond(response, { endStream: true });
      return;
    }
    client.respond(response, { waitForTrailers: true });
    client.once('wantTrailers', () => {
      // The session may be lost in the middle: then the trailers that never came are made here.
      if (trailers !== null) sendTrailers(client, trailers);
      else if (upstream.closed) sendTrailers(client, unavailable(service));
      else upstream.once('close', () => sendTrailers(client, trailers ?? unavailable(service)));
    });
    upstream.pipe(client);
  });
  upstream.once('trailers', (received) => {
    trailers = received;
  });
  upstream.on('error', () => undefined);
  upstream.once('close', () => {
    if (client.destroyed || client.closed) return;
    if (!client.headersSent) end(client, grpcStatus.unavailable, `${service} is not available`);
    else if (!upstream.readableEnded) client.end();
  });
  // Also when the caller went away or gave up: the service stops working for nobody.
  client.once('close', () => {
    if (!upstream.closed) upstream.close(constants.NGHTTP2_CANCEL);
  });
  client.pipe(upstream);
}

function sendTrailers(client: ServerHttp2Stream, trailers: IncomingHttpHeaders | OutgoingHttpHeaders): void {
  if (client.destroyed || client.closed) return;
  client.sendTrailers(trailers as OutgoingHttpHeaders);
}

function unavailable(service: string): OutgoingHttpHeaders {
  return { 'grpc-status': grpcStatus.unavailable, 'grpc-message': encodeURIComponent(`${service} went away`) };
}

/** A gRPC answer without messages ("trailers only"). */
function end(client: ServerHttp2Stream, status: string, message: string): void {
  if (client.destroyed) return;
  client.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': status,
      'grpc-message': encodeURIComponent(message),
    },
    { endStream: true },
  );
  client.resume();
}
