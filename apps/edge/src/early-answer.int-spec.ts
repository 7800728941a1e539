import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { until } from '@muster/testing/until.js';
import type { EdgeConfig } from './config.js';
import { type EdgeServer, startEdge } from './edge-server.js';
import type { EdgeLimits } from './http-proxy.js';

const tooLarge = '{"code":"api.too-large"}';
const big = Buffer.alloc(5_000_000, 'x');

/** A client that shows what it got at any time. */
class RawClient {
  received = '';
  closed = false;
  error: Error | null = null;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => (this.received += chunk.toString()));
    this.socket.on('error', (error) => (this.error = error));
    this.socket.on('close', () => (this.closed = true));
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('an answer that comes before the request has been read', () => {
  const open = new Set<Socket>();
  let services: Server[];
  let edge: EdgeServer;
  let url: string;
  let aborted: number;
  let upstreams: EdgeConfig['upstreams'];
  const startHere = (limits: EdgeLimits): Promise<EdgeServer> =>
    startEdge({ host: '127.0.0.1', port: 0, upstreams, logLevel: 'silent' }, limits);

  beforeEach(async () => {
    aborted = 0;
    // Answers from the first bytes and hangs up on the rest, which makes writing it fail.
    const hangsUp = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.pause();
        socket.write(
          `HTTP/1.1 413 Too Large\r\ncontent-type: application/problem+json\r\ncontent-length: ${tooLarge.length}\r\nconnection: close\r\n\r\n${tooLarge}`,
          () => socket.destroy(),
        );
      });
    });
    // Answers at once and reads on, as a server does that refuses a token.
    const refuses = createHttpServer((request, response) => {
      request.on('close', () => request.complete || aborted++);
      response.writeHead(request.headers.authorization === undefined ? 401 : 200, { 'content-type': 'text/plain' });
      response.end('who are you?');
      request.resume();
    });
    // Answers only after the body.
    const reads = createHttpServer((request, response) => {
      request.on('close', () => request.complete || aborted++);
      request.on('error', () => undefined);
      request.on('end', () => response.end('read')).resume();
    });
    services = [hangsUp, refuses, reads];
    for (const service of services) service.on('connection', (socket) => open.add(socket));
    const [catalog, deployment, content] = [await listen(hangsUp), await listen(refuses), await listen(reads)];
    upstreams = {
      catalog: { http: catalog, grpc: 1 },
      deployment: { http: deployment, grpc: 1 },
      content: { http: content, grpc: 1 },
      policy: { http: 1, grpc: 1 },
    };
    // Longer than a busy machine needs for a body, so that whoever is cut off did go on for too long.
    edge = await startHere({ drainMilliseconds: 60_000 });
    url = `http://127.0.0.1:${edge.port}`;
  });

  afterEach(async () => {
    await edge.close();
    for (const socket of open) socket.destroy();
    open.clear();
    await Promise.all(services.map((service) => new Promise((resolve) => service.close(resolve))));
  });

  it('is passed on when the service hangs up on a body of megabytes', async () => {
    for (let round = 0; round < 30; round++) {
      const response = await fetch(`${url}/api/v1/task-sequences`, { method: 'POST', body: big });
      expect([response.status, await response.text()]).toEqual([413, tooLarge]);
    }
  });

  it('is passed on when the service lets the body pass by', async () => {
    for (let round = 0; round < 10; round++) {
      const response = await fetch(`${url}/api/v1/devices`, { method: 'POST', body: big });
      expect([response.status, await response.text()]).toEqual([401, 'who are you?']);
    }
  });

  it('reaches a client that sends slowly at once, and the connection serves its next request', async () => {
    const client = new RawClient(edge.port);
    client.socket.write('POST /api/v1/devices HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nfirst');
    await until(() => client.received.includes('who are you?'));
    expect(client.received).toContain('HTTP/1.1 401');
    client.received = '';
    client.socket.write('x'.repeat(95));
    client.socket.write('GET /api/v1/runs HTTP/1.1\r\nhost: a\r\nauthorization: Bearer t\r\n\r\n');
    await until(() => client.received.includes('HTTP/1.1 200'));
    client.socket.destroy();
  });

  it('closes the connection of a client that goes on for too long after it', async () => {
    const impatient = await startHere({ drainMilliseconds: 100 });
    try {
      const client = new RawClient(impatient.port);
      client.socket.write('POST /api/v1/task-sequences HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nfirst');
      await until(() => client.closed);
      expect(client.received).toContain('HTTP/1.1 413');
      expect(client.received).toContain(tooLarge);
    } finally {
      await impatient.close();
    }
  });

  it('reaches a client that wants its connection closed, and only then the connection is closed, without a reset', async () => {
    for (let round = 0; round < 20; round++) {
      const path = round % 2 === 0 ? '/api/v1/task-sequences' : '/api/v1/devices';
      const client = new RawClient(edge.port);
      client.socket.write(
        `POST ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${big.length}\r\n\r\n`,
      );
      client.socket.write(big);
      await until(() => client.closed);
      expect(client.received).toMatch(/^HTTP\/1\.1 4(13|01) /);
      expect(client.error).toBeNull();
    }
  });

  it('is the 503 of the proxy for a service that is down, and the connection serves the next request', async () => {
    const client = new RawClient(edge.port);
    client.socket.write('POST /api/v1/api-tokens HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nfirst');
    await until(() => client.received.includes('edge.upstream-unavailable'));
    client.received = '';
    client.socket.write('12345GET /api/v1/runs HTTP/1.1\r\nhost: a\r\nauthorization: Bearer t\r\n\r\n');
    await until(() => client.received.includes('HTTP/1.1 200'));
    client.socket.destroy();
  });

  it('is not there when the client leaves in the middle of its body: the service hears of it', async () => {
    const client = new RawClient(edge.port);
    client.socket.write('POST /api/v1/packages HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nfirst');
    await until(() => open.size > 0);
    client.socket.destroy();
    await until(() => aborted === 1);
  });
});
