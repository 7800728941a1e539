import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { LineReader } from './line-reader.js';
import { PROTOCOL_LIMITS, type TsenvAnswer, toLine } from './protocol.js';

const TOO_LONG: TsenvAnswer = {
  ok: false,
  code: 'tsenv.line-too-long',
  message: `a request has at most ${PROTOCOL_LIMITS.lineBytes} bytes`,
};
const TOO_MANY: TsenvAnswer = {
  ok: false,
  code: 'tsenv.too-many-connections',
  message: `at most ${PROTOCOL_LIMITS.connections} connections at a time: try again when others are closed`,
};

/** Answers one line. Must not throw. */
export type LineAnswerer = (line: Uint8Array) => TsenvAnswer;

/** The socket of one step: from `open` to `close` its lines are answered, later none. */
export class ScriptSocket {
  private readonly connections = new Set<Socket>();
  private closed = false;

  private constructor(
    readonly path: string,
    private readonly server: Server,
    private readonly answer: LineAnswerer,
  ) {}

  /**
   * Opens a socket for this user only, under a name that nobody can guess.
   * @returns undefined when the system refuses one
   */
  static open(folder: string, answer: LineAnswerer): ScriptSocket | undefined {
    const path = join(folder, randomBytes(8).toString('hex'));
    // Open halves: a client may close its side and read the answer then, as `nc -N` does.
    const server = createServer({ allowHalfOpen: true });
    const socket = new ScriptSocket(path, server, answer);
    server.on('connection', (connection) => socket.accept(connection));
    server.on('error', () => undefined);
    // The mask is of the whole process, but binding is synchronous: nothing else is made meanwhile.
    const mask = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(mask);
    }
    return server.listening ? socket : undefined;
  }

  /** Ends it at once: the file is gone, and no line is answered any more, whoever still holds a connection. */
  close(): void {
    this.closed = true;
    this.server.close();
    for (const connection of this.connections) connection.destroy();
  }

  private accept(connection: Socket): void {
    connection.on('error', () => undefined);
    if (this.closed) return void connection.destroy();
    if (this.connections.size >= PROTOCOL_LIMITS.connections) {
      connection.end(toLine(TOO_MANY), () => connection.destroy());
      return;
    }
    this.connections.add(connection);
    connection.once('close', () => this.connections.delete(connection));
    void this.serve(connection);
  }

  /** One request after the other; nothing more is read from a client that does not read its answers. */
  private async serve(connection: Socket): Promise<void> {
    const reader = new LineReader(PROTOCOL_LIMITS.lineBytes);
    try {
      for await (const chunk of connection.iterator({ destroyOnReturn: false })) {
        for (const line of reader.take(chunk as Buffer)) if (!(await this.reply(connection, line))) return;
      }
      const last = reader.end();
      if (last === undefined || (await this.reply(connection, last))) connection.end();
    } catch {
      // The client went away, or the step is over.
      connection.destroy();
    }
  }

  /** False when the connection is over. */
  private async reply(connection: Socket, line: Buffer | undefined): Promise<boolean> {
    if (this.closed || connection.destroyed) return false;
    if (line?.every((byte) => byte === 0x20 || byte === 0x0d)) return true;
    const flowing = connection.write(toLine(line === undefined ? TOO_LONG : this.answer(line)));
    if (!flowing) await drained(connection);
    return !this.closed && !connection.destroyed;
  }
}

/**
 * Lets one more user use a socket: the user that a process of the step runs as. The file belongs to that user alone; the
 * folder can be passed but not listed, and stays ours.
 * @throws a system error when this process may not give files away
 */
export function shareScriptSocket(path: string, owner: { readonly uid: number; readonly gid: number }): void {
  chmodSync(dirname(path), 0o711);
  chownSync(path, owner.uid, owner.gid);
}

function drained(connection: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      connection.off('drain', done).off('close', done);
      resolve();
    };
    connection.on('drain', done).on('close', done);
  });
}
