import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that came through the door, and how it was answered. */
export interface Passed {
  /** `METHOD /path`, without a query. */
  readonly what: string;
  readonly ifNoneMatch: string | undefined;
  readonly authorization: string | undefined;
  /** Milliseconds since 1970 at which it came. */
  readonly at: number;
  /** 0: the connection was cut before there was an answer. */
  readonly status: number;
  /** The whole answer, unless it is a stream of events. */
  readonly body: string;
  /** When the answer was over; that of a stream, when it began. */
  readonly answeredAt: number;
  readonly etag: string | undefined;
}

/** What the door does with a request instead of handing it on: breaks the connection, or answers by itself. */
export type Refusal = 'cut' | { readonly status: number; readonly headers: Record<string, string> };

/** A real HTTP proxy before a service, as sites have them: it writes down what passes, and can refuse it. */
export class RecordingDoor {
  readonly passed: Passed[] = [];
  refuse: (what: string) => Refusal | undefined = () => undefined;
  /** The Authorization with which a request is handed on. */
  authorization: (what: string, own: string | undefined) => string | undefined = (_what, own) => own;
  private readonly streams = new Set<ServerResponse>();

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  /** @param target base URL of the service behind it */
  static async open(target: string): Promise<RecordingDoor> {
    const server = createServer();
    const door = new RecordingDoor(server, target);
    server.on('request', (asked, answer) => door.pass(asked, answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What passed of one kind, the oldest first. */
  of(what: string): Passed[] {
    return this.passed.filter((one) => one.what === what);
  }

  /** How many streams of events are open. */
  get openStreams(): number {
    return this.streams.size;
  }

  /** Breaks every stream of events. */
  cutStreams(): void {
    for (const stream of this.streams) stream.destroy();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(asked: IncomingMessage, answer: ServerResponse): void {
    const what = `${asked.method} ${(asked.url ?? '').replace(/\?.*$/, '')}`;
    const note = this.noting(what, asked);
    const refusal = this.refuse(what);
    if (refusal === 'cut') {
      note(0, '', undefined);
      asked.socket.destroy();
      return;
    }
    if (refusal) {
      answer.writeHead(refusal.status, refusal.headers).end();
      note(refusal.status, '', undefined);
      return;
    }
    const authorization = this.authorization(what, asked.headers.authorization);
    const { host: _host, authorization: _own, ...headers } = asked.headers;
    const onward = request(
      `${this.target}${asked.url ?? ''}`,
      { method: asked.method, headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) } },
      (back) => {
        answer.writeHead(back.statusCode ?? 502, back.headers);
        answer.flushHeaders();
        const chunks: Buffer[] = [];
        if (back.headers['content-type']?.includes('event-stream')) {
          this.streams.add(answer);
          note(back.statusCode ?? 502, '', undefined);
        } else {
          back.on('data', (chunk: Buffer) => chunks.push(chunk));
          back.on('end', () => note(back.statusCode ?? 502, Buffer.concat(chunks).toString('utf8'), back.headers.etag));
        }
        back.on('error', () => answer.destroy());
        back.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    answer.on('close', () => {
      this.streams.delete(answer);
      onward.destroy();
    });
    asked.pipe(onward);
  }

  private noting(what: string, { headers }: IncomingMessage): (status: number, body: string, etag?: string) => void {
    const at = Date.now();
    const { 'if-none-match': ifNoneMatch, authorization } = headers;
    return (status, body, etag) =>
      this.passed.push({ what, ifNoneMatch, authorization, at, status, body, answeredAt: Date.now(), etag });
  }
}
