import type { Server as HttpServer } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';

/** How every HTTP/2 connection without TLS begins (RFC 9113, 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const firstBytesTimeoutMilliseconds = 60_000;

/** What the first bytes of a connection say; `undecided` while they fit both. */
export function protocolOf(firstBytes: Buffer): 'http1' | 'http2' | 'undecided' {
  const length = Math.min(firstBytes.length, preface.length);
  if (!firstBytes.subarray(0, length).equals(preface.subarray(0, length))) return 'http1';
  return length === preface.length ? 'http2' : 'undecided';
}

/**
 * Lets HTTP/1.1 and HTTP/2 (gRPC) clients use the port on which `http` listens.
 * The returned function closes the connections that have not said anything yet, of which neither server knows.
 */
export function sharePort(http: HttpServer, http2: Http2Server): () => void {
  const silent = new Set<Socket>();
  const http1Listeners = http.listeners('connection');
  http.removeAllListeners('connection');
  http.on('connection', (socket: Socket) => {
    // A client that hangs up before it said anything is nobody's error.
    const ignore = (): void => undefined;
    const close = (): void => void socket.destroy();
    const forget = (): void => void silent.delete(socket);
    silent.add(socket);
    socket.once('close', forget);
    socket.on('error', ignore);
    socket.setTimeout(firstBytesTimeoutMilliseconds, close);
    let seen = Buffer.alloc(0);
    const look = (): void => {
      const chunk: unknown = socket.read();
      if (Buffer.isBuffer(chunk)) seen = Buffer.concat([seen, chunk]);
      const protocol = protocolOf(seen);
      if (protocol === 'undecided') return;
      socket.off('readable', look);
      socket.off('end', close);
      forget();
      socket.off('close', forget);
      socket.setTimeout(0);
      socket.off('timeout', close);
      socket.off('error', ignore);
      socket.unshift(seen);
      if (protocol === 'http2') http2.emit('connection', socket);
      else for (const listener of http1Listeners) listener.call(http, socket);
    };
    socket.on('readable', look);
    socket.once('end', close);
  });
  return () => {
    for (const socket of silent) socket.destroy();
  };
}
