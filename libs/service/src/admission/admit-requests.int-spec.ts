import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { fastify, type FastifyInstance } from 'fastify';
import { until } from '@muster/testing/until.js';
import { Admission } from './admission.js';
import { admitRequests } from './admit-requests.js';

let server: FastifyInstance;
let url: string;
let waiting: (() => void)[] = [];
let counted = 0;

beforeAll(async () => {
  // The last answers may be under way when it closes: their connections must not be waited for until they time out.
  server = fastify({ forceCloseConnections: true });
  server.post('/sessions', async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { served: true };
  });
  server.get('/policy', async () => ({ polled: true }));
  await server.listen({ port: 0, host: '127.0.0.1' });
  // So slow that no more than the least are let in at once.
  admitRequests(server, ['/sessions'], { requestsOf: () => () => (counted += 1) }, new Admission(10));
  url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  for (const go of waiting) go();
  await server?.close();
});

const open = () =>
  fetch(`${url}/sessions`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });

it('lets in what can be served soon, sends everybody else away until a time of their own, and is open again behind the rush', async () => {
  const first = Array.from({ length: 50 }, open);
  await until(() => waiting.length === 50);
  const sentAway = await Promise.all(Array.from({ length: 100 }, open));
  expect(new Set(sentAway.map(({ status }) => status))).toEqual(new Set([503]));
  expect(await sentAway[0]?.json()).toMatchObject({ code: 'service.busy', status: 503, instance: '/sessions' });
  expect(sentAway[0]?.headers.get('connection')).toBe('close');
  // Behind the five seconds of those inside, ten in each second.
  const seconds = sentAway.map(({ headers }) => Number(headers.get('retry-after')));
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(5);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(16);
  expect(new Set(seconds).size).toBeGreaterThanOrEqual(9);
  expect(counted).toBe(100);
  expect(waiting).toHaveLength(50);

  // Whoever has a session is no part of the rush.
  expect((await fetch(`${url}/policy`)).status).toBe(200);

  for (const go of waiting.splice(0)) go();
  expect(new Set((await Promise.all(first)).map(({ status }) => status))).toEqual(new Set([200]));
  const next = open();
  await until(() => waiting.length === 1);
  for (const go of waiting.splice(0)) go();
  expect((await next).status).toBe(200);
});

it('sends away who brings a large body too, and loses no answer over it', async () => {
  const first = Array.from({ length: 50 }, open);
  await until(() => waiting.length === 50);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      fetch(`${url}/sessions`, {
        method: 'POST',
        body: JSON.stringify({ text: 'x'.repeat(60_000) }),
        headers: { 'content-type': 'application/json' },
      }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  for (const go of waiting.splice(0)) go();
  await Promise.all(first);
});

it('frees the place of who hangs up', async () => {
  const over = new AbortController();
  const gone = Array.from({ length: 50 }, () =>
    fetch(`${url}/sessions`, { method: 'POST', signal: over.signal }).catch(() => undefined),
  );
  await until(() => waiting.length === 50);
  over.abort();
  await Promise.all(gone);
  await until(async () => {
    const before = waiting.length;
    const answer = await Promise.race([open(), until(() => waiting.length > before).then(() => undefined)]);
    return answer?.status !== 503;
  });
  for (const go of waiting.splice(0)) go();
});

it('serves nobody who gave up while the process was busy with something else', async () => {
  const { port } = server.server.address() as AddressInfo;
  const gaveUp = new Int32Array(new SharedArrayBuffer(4));
  const crowd = new Worker(
    `const { workerData: { port, gaveUp } } = require('node:worker_threads');
     const { connect } = require('node:net');
     for (let one = 0; one < 20; one += 1) {
       const socket = connect(port, '127.0.0.1', () =>
         socket.write('POST /sessions HTTP/1.1\\r\\nhost: site\\r\\ncontent-length: 0\\r\\n\\r\\n', () => socket.destroy()));
       socket.on('close', () => { Atomics.add(gaveUp, 0, 1); Atomics.notify(gaveUp, 0); });
     }`,
    { eval: true, workerData: { port, gaveUp } },
  );
  while (Atomics.load(gaveUp, 0) < 20) Atomics.wait(gaveUp, 0, Atomics.load(gaveUp, 0), 20);
  // Behind them in the same queue.
  const patient = open();
  await until(() => waiting.length > 0);
  expect(waiting).toHaveLength(1);
  for (const go of waiting.splice(0)) go();
  expect((await patient).status).toBe(200);
  await crowd.terminate();
});
