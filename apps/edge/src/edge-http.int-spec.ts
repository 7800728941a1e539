import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { until } from '@muster/testing/until.js';
import { type EdgeServer, startEdge } from './edge-server.js';

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A service that answers with what it was asked, and some special addresses. */
class FakeService {
  readonly seen: Seen[] = [];
  watchers: ServerResponse[] = [];
  closedWatches = 0;
  resets = 0;
  readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = request.url ?? '';
        this.seen.push({ method: request.method ?? '', url, headers: request.headers, body: Buffer.concat(chunks) });
        if (url.includes('reset') && this.resets-- > 0) return void request.socket.destroy();
        if (url.includes('watch=true')) {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.flushHeaders();
          response.once('close', () => this.closedWatches++);
          this.watchers.push(response);
          return;
        }
        if (url.includes('missing')) {
          response.writeHead(404, { 'content-type': 'application/problem+json', etag: '"7"' });
          return void response.end('{"code":"device.not-found"}');
        }
        response.writeHead(200, {
          'content-type': 'application/json',
          'x-request-id': String(request.headers['x-request-id']),
        });
        response.end(JSON.stringify({ url, length: Buffer.concat(chunks).length }));
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get last(): Seen {
    const last = this.seen.at(-1);
    if (last === undefined) throw new Error('nothing was asked');
    return last;
  }
}

describe('the edge proxy for HTTP', () => {
  let service: FakeService;
  let edge: EdgeServer;
  let url: string;

  beforeEach(async () => {
    service = new FakeService();
    const http = await service.listen();
    // Nothing listens on port 1: the content service is down.
    const upstreams = { deployment: { http, grpc: 1 }, content: { http: 1, grpc: 1 }, policy: { http, grpc: 1 } };
    edge = await startEdge({ host: '127.0.0.1', port: 0, upstreams, logLevel: 'silent' });
    url = `http://127.0.0.1:${edge.port}`;
  });

  afterEach(async () => {
    await edge.close();
    await service.close();
  });

  it('hands a request with its query to the service that owns the path', async () => {
    const response = await fetch(`${url}/api/v1/devices?limit=5&label=a%2Fb`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ url: '/api/v1/devices?limit=5&label=a%2Fb' });
  });

  it('passes a body on whatever its size, type and framing', async () => {
    const body = Buffer.alloc(5_000_000, 'x');
    const response = await fetch(`${url}/api/v1/runs`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(await response.json()).toEqual({ url: '/api/v1/runs', length: body.length });
    const stream = new Blob(['{"a":', '1}']).stream();
    await fetch(`${url}/api/v1/runs`, {
      method: 'PUT',
      body: stream,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    } as RequestInit);
    expect(service.last).toMatchObject({
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
    });
    expect(service.last.body.toString()).toBe('{"a":1}');
  });

  it('passes ids, tokens and conditions on, and makes a request id where there is none', async () => {
    const headers = { 'x-request-id': 'r-1', traceparent: '00-1-2-01', authorization: 'Bearer t', 'if-match': '"3"' };
    const response = await fetch(`${url}/api/v1/devices`, { headers });
    expect(service.last.headers).toMatchObject(headers);
    expect(response.headers.get('x-request-id')).toBe('r-1');
    await fetch(`${url}/api/v1/devices`);
    expect(service.last.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('says for whom it asks and keeps headers of the connection to itself', async () => {
    const raw = await rawRequest(
      edge.port,
      'POST /api/v1/devices HTTP/1.1\r\nhost: example.test\r\nx-forwarded-for: 6.6.6.6\r\nconnection: close, x-mine\r\nx-mine: 1\r\n' +
        'keep-alive: 5\r\nexpect: 100-continue\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok',
    );
    expect(raw).toContain('HTTP/1.1 200 OK');
    expect(service.last.headers).toMatchObject({
      host: 'example.test',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    expect(Object.keys(service.last.headers)).not.toEqual(expect.arrayContaining(['x-mine']));
    expect(service.last.headers['keep-alive']).toBeUndefined();
    expect(service.last.headers.expect).toBeUndefined();
  });

  it("passes a service's own problem on as it is", async () => {
    const response = await fetch(`${url}/api/v1/devices/missing`);
    expect([response.status, response.headers.get('etag')]).toEqual([404, '"7"']);
    expect(await response.json()).toEqual({ code: 'device.not-found' });
  });

  it('delivers each event of a watch when it happens, and ends the watch at the service when the client leaves', async () => {
    const client = new AbortController();
    const response = await fetch(`${url}/api/v1/runs?watch=true`, { signal: client.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      service.watchers[0]?.write(event);
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(event);
    }
    client.abort();
    await until(() => service.closedWatches === 1);
  });

  it('answers 404 for a path that nobody owns', async () => {
    const response = await fetch(`${url}/api/v1/unknown`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 404, code: 'edge.no-route', instance: '/api/v1/unknown' });
    expect(service.seen).toEqual([]);
  });

  it('refuses a path that climbs', async () => {
    const answer = await rawRequest(
      edge.port,
      'GET /api/v1/devices/%2e%2e/%2e%2e/metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toContain('HTTP/1.1 400');
    expect(answer).toContain('edge.bad-request');
    expect(service.seen).toEqual([]);
  });

  it('answers 503 with Retry-After when the service is down', async () => {
    const response = await fetch(`${url}/api/v1/packages`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ code: 'edge.upstream-unavailable', status: 503 });
    const unknown = await fetch(`${url}/api/v1/task-sequences`, { method: 'POST', body: 'x' });
    expect(unknown.status).toBe(503);
  });

  it('asks once more for a GET whose connection broke, never for a POST', async () => {
    service.resets = 1;
    expect((await fetch(`${url}/api/v1/devices/reset`)).status).toBe(200);
    expect(service.seen).toHaveLength(2);
    service.resets = 5;
    expect((await fetch(`${url}/api/v1/devices/reset`)).status).toBe(503);
    expect(service.seen).toHaveLength(4);
    expect((await fetch(`${url}/api/v1/devices/reset`, { method: 'POST', body: '{}' })).status).toBe(503);
    expect(service.seen).toHaveLength(5);
  });

  it('waits for the rest of a request that arrives byte by byte', async () => {
    const socket = connect(edge.port, '127.0.0.1');
    socket.setNoDelay(true);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    for (const byte of 'PUT /api/v1/runs HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n') {
      await new Promise((resolve) => socket.write(byte, resolve));
    }
    await until(() => answer.includes('HTTP/1.1 200'));
    expect(service.last).toMatchObject({ method: 'PUT', url: '/api/v1/runs' });
  });

  it('forgets a connection that ends before it said what it is', async () => {
    const ended = new Promise((resolve) => {
      const socket = connect(edge.port, '127.0.0.1', () => socket.end('PR'));
      socket.once('close', resolve);
      socket.resume();
    });
    await ended;
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it('shows the documentation of each service', async () => {
    expect(await (await fetch(`${url}/docs/policy`)).json()).toMatchObject({ url: '/docs' });
    expect(await (await fetch(`${url}/openapi/policy.json`)).json()).toMatchObject({ url: '/openapi.json' });
    const index = await fetch(url, { redirect: 'manual' });
    expect([index.status, index.headers.get('location')]).toEqual([302, '/docs/catalog/']);
  });
});

/** Sends bytes and returns everything that came back until the server closed. */
function rawRequest(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
