import { randomUUID } from 'node:crypto';
import { deviceInventoried } from '@muster/contracts/events/device-inventoried.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import { outboxRead } from '@muster/contracts/subjects.js';
import { until } from '@muster/testing/until.js';
import { askPermit } from '@muster/contracts/requests/ask-permit.js';
import { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { deployingTo } from './deploying.js';
import { plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { type Answer, type TestDevice } from './test-device.js';

const LONG = 'x'.repeat(100_000);
/** What may stand anywhere in a request of somebody who wants to do harm, as JSON. */
const VALUES: readonly string[] = [
  'null',
  'true',
  '0',
  '-1',
  '-0',
  '1.5',
  '2147483648',
  '9007199254740991',
  '9223372036854775808',
  '1e308',
  '1e400',
  '""',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00x"',
  '"\\uffff"',
  JSON.stringify(LONG),
  '"__proto__"',
  '"../../x"',
  '"%00"',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"toJSON":"x"}',
  '"0000-01-01T00:00:00Z"',
  '"9999-12-31T23:59:59.999-23:59"',
  '"2026-02-30T00:00:00Z"',
  '"2026-01-01T23:59:60Z"',
  '"-000001-01-01T00:00:00Z"',
  '"00000000-0000-0000-0000-000000000000"',
  '"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"',
  `"sha256:${'0'.repeat(64)}"`,
  '"0"',
  '"\'; drop table device; --"',
];

describe('a device with a session that means harm', () => {
  let servers: TestServers;
  let policy: PolicyUnderTest;
  let database: Database;
  let device: TestDevice;
  let other: TestDevice;
  let requests: Record<string, unknown>;
  const { collectionOf, deploy, assigned } = deployingTo(() => policy);

  beforeAll(async () => {
    servers = await startServers();
    policy = await PolicyUnderTest.start(servers);
    database = new Database({ url: servers.environment('policy')['MUSTER_DATABASE_URL'] ?? '', schema: 'policy' });
    policy.deployment.bus.answer(
      askPermit,
      async () => ({ granted: false, code: 'rollout.group-not-open', message: 'full', askAgainSeconds: 900 }),
      () => undefined,
    );
    [device, other] = [await policy.device(), await policy.device()];
    const mine = await deploy((await collectionOf(device)).name, plain('A'));
    await deploy((await collectionOf(other)).name, plain('B'));
    await assigned(device);
    await assigned(other);
    const deploymentUid = mine.metadata.uid;
    const at = '2026-11-27T12:00:00Z';
    const digest = `sha256:${'a'.repeat(64)}`;
    const step = { event: 'step-finished', runId: randomUUID(), number: 1, at, path: 'A/B', position: 1, attempt: 1 };
    const end = { outcome: 'failed', reason: 'exit-code', code: 'x.y', exitCode: 1, message: 'm', output: 'o' };
    const report = { ...step, ...end, stepType: 'RunScript' };
    const fate = {
      deploymentUid,
      number: 1,
      acceptance: { state: 'accepted', at, says: 's' },
      delivery: { state: 'waiting', reason: 'window', at, until: at, says: 'w' },
    };
    const facts = {
      hostname: 'h',
      os: { id: 'debian' },
      memoryMegabytes: 1,
      timeZone: 'UTC',
      disks: [{ name: 'sda', sizeMegabytes: 1 }],
      network: [{ name: 'e', mac: '02:00:00:00:00:01', addresses: ['10.0.0.1'] }],
      custom: [{ name: 'a', value: 'b' }],
    };
    requests = {
      '/reports': { reports: [{ deploymentUid, report }] },
      '/fates': { fates: [fate] },
      '/inventory': { gatheredAt: at, facts },
      '/permits': { deploymentUid, body: digest, runId: randomUUID() },
      '/content-locations': { manifest: digest, files: [digest], reach: { neighbours: true, defaultGroup: true } },
      '/content-faults': { faults: [{ manifest: digest, digest, point: 'p', problem: 'missing' }] },
      '/keys': { publicKey: other.publicKey, proof: 'a.b.c', consent: 'a.b.c' },
    };
  });

  afterAll(async () => {
    await database?.close();
    await policy?.stop();
    await servers?.stop();
  });

  /** As the other services read them. */
  async function factsAsRead() {
    await until(async () => (await database.query('select 1 from outbox where position is null')).length === 0);
    const found: { subject: string; payload: unknown }[] = [];
    for (let after = 0; ;) {
      const question = { consumer: 'deployment', after, limit: 1000 };
      const { head, entries } = await policy.deployment.bus.request(outboxRead('policy'), question);
      found.push(...entries);
      after = entries.at(-1)?.position ?? head;
      if (after >= head) return found;
    }
  }

  const send = (path: string, body: string, headers: Record<string, string> = {}) =>
    raw(`${policy.base}/api/v1/agent${path}`, device.accessToken, body, headers);
  const isRefusal = ({ status, body }: Answer): boolean =>
    status < 400 || (status < 500 && typeof body['code'] === 'string');

  it('is answered as it deserves, wherever in a request it puts what, and nothing half-written is passed on', async () => {
    const wrong: unknown[] = [];
    let sent = 0;
    for (const [path, request] of Object.entries(requests)) {
      for (const place of placesIn(request)) {
        const bodies = VALUES.map((value) =>
          JSON.stringify(replaced(request, place, MARK)).replace(`"${MARK}"`, () => value),
        );
        const answers = await Promise.all(bodies.map((body) => send(path, body)));
        sent += answers.length;
        for (const [index, answer] of answers.entries()) {
          if (!isRefusal(answer))
            wrong.push({
              path,
              place,
              value: VALUES[index]?.slice(0, 40),
              status: answer.status,
              text: answer.text.slice(0, 200),
            });
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(sent).toBeGreaterThan(1000);
    const events = [deviceInventoried, fatesTold, runReported];
    const told = await factsAsRead();
    for (const event of events) {
      const payloads = told.filter(({ subject }) => subject === event.subject({ site: 'S01' }));
      expect(payloads.length).toBeGreaterThan(0);
      for (const { payload } of payloads) expect(event.payload.safeParse(payload).error?.issues).toBeUndefined();
    }
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a NUL', '\0'],
    ['half a character', '"\\ud83d"'],
    ['a text', '"x"'],
    ['a number', '1e999'],
    ['brackets in brackets', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['records in records', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['a name twice', '{"reports":[],"reports":{}}'],
    ['a poisoned prototype', '{"__proto__":{"reports":[]}}'],
    ['more bytes than are taken', `{"x":"${'y'.repeat(40_000_000)}"}`],
  ])('is refused at every door when its body is %s', async (_, body) => {
    for (const path of Object.keys(requests)) {
      const answer = await send(path, body);
      expect([path, answer.status, isRefusal(answer)]).toEqual([path, expect.any(Number), true]);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('is refused with other types of content, tokens and tags that are none', async () => {
    const path = '/inventory';
    const body = JSON.stringify(requests[path]);
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-16',
      'x',
    ]) {
      expect(isRefusal(await send(path, body, { 'Content-Type': type }))).toBe(true);
    }
    for (const token of [
      '',
      'x',
      'a.b.c',
      `${device.accessToken}x`,
      device.accessToken.slice(1),
      LONG.slice(0, 8000),
    ]) {
      const answer = await raw(`${policy.base}/api/v1/agent${path}`, token, body);
      expect([token.slice(0, 10), answer.status]).toEqual([token.slice(0, 10), 401]);
    }
    for (const tag of ['*', '"', '""', 'W/"x"', LONG.slice(0, 4000), "'", '"\u00e4"']) {
      const answer = await device.get('/policy', { 'If-None-Match': tag, 'muster-abilities': `${tag},,start-permits` });
      expect([tag.slice(0, 10), isRefusal(answer)]).toEqual([tag.slice(0, 10), true]);
    }
    for (const digest of ['x', '%00', '..%2f..', `sha256:${'0'.repeat(64)}`, LONG.slice(0, 4000), '%ff', '%ed%a0%80']) {
      const answer = await device.get(`/bodies/${digest}`);
      expect([digest.slice(0, 10), answer.status >= 400 && isRefusal(answer)]).toEqual([digest.slice(0, 10), true]);
    }
  });

  it('gets nothing of another device, and changes nothing of it', async () => {
    const theirs = (await other.policy()).assignments[0]!;
    const { body } = theirs;
    const deploymentUid = theirs.deployment.uid;
    expect((await device.get(`/bodies/${body}`)).status).toBe(404);
    const told = await device.post('/fates', {
      fates: [{ deploymentUid, number: 7, acceptance: { state: 'rejected', at: '2026-11-27T12:00:00Z' } }],
    });
    expect(told.body['acknowledged']).toEqual([]);
    const permit = await device.post('/permits', { deploymentUid, body, runId: randomUUID() });
    expect(permit.body['granted'] ?? false).toBe(false);
    expect(
      (await device.post('/keys', { ...(requests['/keys'] as object), publicKey: other.publicKey })).status,
    ).toBeGreaterThanOrEqual(400);
    expect((await other.session()).status).toBe(200);
    expect((await device.policy()).assignments).toHaveLength(1);
  });
});

const MARK = 'here';

async function raw(url: string, token: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, ...headers },
    body,
  });
  const text = await response.text();
  let parsed: Record<string, never> = {};
  try {
    parsed = JSON.parse(text) as Record<string, never>;
  } catch {
    // An empty answer.
  }
  return { status: response.status, body: parsed, text, headers: response.headers };
}

type Place = readonly (string | number)[];

/** Every place in a document, itself too. */
function placesIn(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [at, ...entries.flatMap(([name, one]) => placesIn(one, [...at, name]))];
}

function replaced(document: unknown, [name, ...rest]: Place, by: unknown): unknown {
  if (name === undefined) return by;
  const copy = structuredClone(document) as Record<string | number, unknown>;
  copy[name] = replaced(copy[name], rest, by);
  return copy;
}
