import { connect, type Socket } from 'node:net';

const END = Buffer.from('\r\n\r\n');

/** Of an answer, what a load looks at; the status is `closed` or the code of an error when there was none. */
export interface HttpAnswer {
  readonly status: string;
  readonly head: string;
  readonly body: Buffer;
}

/**
 * A client that costs less than what it measures: a socket that is kept, requests as text, and answers that are hardly read. One request
 * at a time.
 */
export class HttpConnection {
  private answered: ((answer: HttpAnswer) => void) | undefined;
  private ended: string | undefined;
  private text: string | undefined;
  /** Bytes of the answer's body that are still to come. */
  private left = 0;
  private chunks: Buffer[] = [];

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error: { code?: string }) => this.end(error.code ?? 'error'));
    socket.on('close', () => this.end('closed'));
  }

  /**
   * @param localAddress one address has some 28,000 ports, so that many connections need several
   * @param patience milliseconds; default: none is too long
   */
  static async open(
    port: number,
    localAddress?: string,
    patience?: { connect: number; answer: number },
  ): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...(localAddress && { localAddress }) });
    const giveUp = (after: number, code: string) =>
      socket.setTimeout(after, () => socket.destroy(Object.assign(new Error(code), { code })));
    if (patience) giveUp(patience.connect, 'connect-timeout');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    if (patience) socket.removeAllListeners('timeout');
    if (patience) giveUp(patience.answer, 'answer-timeout');
    return new HttpConnection(socket);
  }

  ask(request: string): Promise<HttpAnswer> {
    return new Promise((resolve) => {
      this.answered = resolve;
      if (this.ended) return this.finish(this.ended);
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    let body = chunk;
    if (this.text === undefined) {
      const all = this.chunks.length === 0 ? chunk : Buffer.concat([...this.chunks, chunk]);
      const end = all.indexOf(END);
      this.chunks = end < 0 ? [all] : [];
      if (end < 0) return;
      this.text = all.toString('latin1', 0, end);
      this.left = Number(/^content-length: (\d+)/im.exec(this.text)?.[1] ?? 0);
      body = all.subarray(end + END.length);
    }
    this.left -= body.length;
    if (body.length > 0) this.chunks.push(body);
    if (this.left <= 0) this.finish(this.text.slice(9, 12));
  }

  private end(how: string): void {
    this.ended ??= how;
    this.finish(this.ended);
  }

  private finish(status: string): void {
    const { answered, text: head = '', chunks } = this;
    this.answered = undefined;
    this.text = undefined;
    this.chunks = [];
    answered?.({ status, head, body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) });
  }
}
