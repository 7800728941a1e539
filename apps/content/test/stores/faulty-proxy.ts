import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the proxy does to what passes; nothing by default. */
export interface Misbehaviour {
  /** Changes the body of a GET, whose length is announced as it is then. */
  onGet?: (body: Buffer) => Buffer;
  /** Changes the body of a PUT on its way. */
  onPut?: (body: Buffer) => Buffer;
  /** Breaks the connection after so many bytes of an answer. */
  breakAfter?: number;
  /** Takes the Range header away. */
  withoutRange?: boolean;
  /** Answers a PUT itself and passes nothing on. */
  swallowPut?: boolean;
}

/** Stands before a store and damages what passes, as broken proxies, cards and memories do. */
export class FaultyProxy {
  private misbehaviour: Misbehaviour = {};
  private readonly server: Server;

  private constructor(private readonly target: URL) {
    this.server = createServer((incoming, response) => {
      this.pass(incoming, response).catch(() => response.destroy());
    });
  }

  static async before(endpoint: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(new URL(endpoint));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  behave(misbehaviour: Misbehaviour): void {
    this.misbehaviour = misbehaviour;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { onGet, onPut, breakAfter, withoutRange, swallowPut } = this.misbehaviour;
    const isPut = incoming.method === 'PUT';
    const sent = await bodyOf(incoming);
    if (isPut && swallowPut) {
      response.writeHead(200, { etag: '"d41d8cd98f00b204e9800998ecf8427e"' }).end();
      return;
    }
    // The Host header stays: it is signed.
    const headers = { ...incoming.headers };
    if (withoutRange) delete headers.range;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(
        { host: this.target.hostname, port: this.target.port, method: incoming.method, path: incoming.url, headers },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end(isPut && onPut ? onPut(sent) : sent);
    });
    const body = await bodyOf(answer);
    const isGet = incoming.method === 'GET' && (answer.statusCode ?? 500) < 300;
    const given = isGet && onGet ? onGet(body) : body;
    const isHead = incoming.method === 'HEAD';
    const { 'transfer-encoding': _, ...answered } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, {
      ...answered,
      ...(isHead || answer.statusCode === 204 ? {} : { 'content-length': given.length }),
    });
    if (breakAfter === undefined || isHead) {
      response.end(isHead ? undefined : given);
      return;
    }
    response.write(given.subarray(0, breakAfter), () => response.destroy());
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
