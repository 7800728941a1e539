import { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/** A service that is down refuses at once: this is for a machine that is busy. */
const connectTimeoutMilliseconds = 10_000;
const keepAliveMilliseconds = 60_000;
const readBufferBytes = 64 * 1024;

/** The service hung up on what it is sent. */
const hungUp = new Set(['EPIPE', 'ECONNRESET']);

type Done = (error?: Error | null) => void;

/**
 * A connection to a service of which the reading side decides how it ended. A service that refuses a large body answers and
 * hangs up, so writing the rest fails before its answer has been read; an ordinary socket would throw that answer away.
 * Where there is none, reading fails too.
 */
class UpstreamSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, unlessHungUp(done));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Done): void {
    super._writev?.(chunks, unlessHungUp(done));
  }
}

function unlessHungUp(done: Done): Done {
  return (error) => {
    if (error && 'code' in error && hungUp.has(String(error.code))) done();
    else done(error);
  };
}

/** Connects to a service, for undici's option `connect`. Fails with `UND_ERR_CONNECT_TIMEOUT` after ten seconds. */
export const connectUpstream: buildConnector.connector = ({ hostname, port }, callback) => {
  const socket = new UpstreamSocket({ highWaterMark: readBufferBytes } as ConstructorParameters<typeof Socket>[0]);
  const tooLate = (): void => {
    // After a standstill of the machine time is up before anybody has looked whether the connection is there.
    setImmediate(() => {
      if (!socket.connecting) return;
      const error = new Error(`no connection within ${connectTimeoutMilliseconds} ms`);
      socket.destroy(Object.assign(error, { code: 'UND_ERR_CONNECT_TIMEOUT' }));
    });
  };
  const failed = (error: Error): void => callback(error, null);
  socket
    .setTimeout(connectTimeoutMilliseconds, tooLate)
    .setNoDelay(true)
    .setKeepAlive(true, keepAliveMilliseconds)
    .once('error', failed)
    .once('connect', () => {
      socket.setTimeout(0).off('timeout', tooLate).off('error', failed);
      callback(null, socket);
    })
    .connect({ host: hostname, port: Number(port) });
};
