import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Event } from '@muster/contracts/kinds/event.js';
import { Webhook } from 'standardwebhooks';

/** A request that arrived. */
export interface Received {
  readonly id: string;
  readonly event: Event;
  readonly signatures: number;
}

/** Somebody else's server: verifies what comes with the reference library of Standard Webhooks, and answers as the test wants. */
export class WebhookReceiver {
  readonly taken: Received[] = [];
  readonly refused: Received[] = [];
  /** Secrets that it knows; a request that none of them signed is answered 401. */
  secrets: string[] = [];
  /** The status for an event; undefined: never answers. */
  answer: (event: Event) => number | undefined = () => 204;
  headers: Record<string, string> = {};
  mostAtOnce = 0;
  private atOnce = 0;
  private server: Server | undefined;

  private constructor(private readonly port: number) {}

  static async open(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(await freshPort());
    await receiver.comeBack();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hooks`;
  }

  get ids(): string[] {
    return this.taken.map(({ id }) => id);
  }

  async comeBack(): Promise<void> {
    this.server = createServer((request, response) => void this.handle(request, response));
    await new Promise<void>((done) => this.server?.listen(this.port, '127.0.0.1', done));
  }

  async goAway(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((done) => this.server?.close(done));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    response.on('close', () => (this.atOnce -= 1));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const signed = this.secrets.some((secret) => verifies(secret, body, request.headers as Record<string, string>));
    if (!signed || request.headers['content-type'] !== 'application/cloudevents+json; charset=utf-8') {
      response.writeHead(401).end();
      return;
    }
    const event = JSON.parse(body) as Event;
    const status = this.answer(event);
    if (status === undefined) return;
    const received = {
      id: String(request.headers['webhook-id']),
      event,
      signatures: String(request.headers['webhook-signature']).split(' ').length,
    };
    (status < 300 ? this.taken : this.refused).push(received);
    response.writeHead(status, this.headers).end('thanks');
  }
}

function verifies(secret: string, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

async function freshPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
