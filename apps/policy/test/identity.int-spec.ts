import { randomUUID } from 'node:crypto';
import { credentials, Metadata, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { apiTokenChanged } from '@muster/contracts/events/api-token-changed.js';
import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { deviceInventoried } from '@muster/contracts/events/device-inventoried.js';
import { deviceSoftwareTold } from '@muster/contracts/events/device-software-told.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import { PROTO_FOLDER, protoFiles } from '@muster/contracts/proto.js';
import { MOST_SOFTWARE } from '@muster/sequence/conditions/software-schema.js';
import { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { sha256Hex } from '../src/tokens/secret.js';
import { makeAccessToken } from '../src/sessions/access-token.js';
import { SiteKey, thumbprintOf } from '../src/site-key/site-key.js';
import { deviceOf } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call, TestDevice } from './test-device.js';

const adminToken = 'muster_the-first-administrator';
let servers: TestServers;
let policy: PolicyUnderTest;
let database: Database;

beforeAll(async () => {
  servers = await startServers();
  policy = await PolicyUnderTest.start(servers, { MUSTER_ADMIN_TOKEN_SHA256: sha256Hex(adminToken) });
  database = new Database({ url: servers.environment('policy')['MUSTER_DATABASE_URL'] ?? '', schema: 'policy' });
});

afterAll(async () => {
  await database?.close();
  await policy?.stop();
  await servers?.stop();
});

async function facts<Payload>(event: { fact: string }): Promise<Payload[]> {
  const rows = await database.query<{ payload: Payload }>(
    'select payload from outbox where subject like $1 order by sequence',
    [`%.${event.fact}.%`],
  );
  return rows.map(({ payload }) => payload);
}

describe('inventory', () => {
  it('passes on what a device tells of itself, as its own, without the facts of newer agents', async () => {
    const device = await policy.device();
    const told = { gatheredAt: '2026-11-21T12:00:00Z', facts: { os: { id: 'debian\0', mood: 'good' }, colour: 'red' } };
    expect((await device.post('/inventory', told)).status).toBe(204);
    const passed = await facts<{ deviceUid: string }>(deviceInventoried);
    expect(passed.filter(({ deviceUid }) => deviceUid === device.uid)).toEqual([
      { deviceUid: device.uid, receivedAt: expect.any(String), facts: { os: { id: 'debian\uFFFD' } } },
    ]);
  });

  it('passes on which software is installed, as that of the device, and refuses more than a device may tell', async () => {
    const device = await policy.device();
    const entry = { name: 'curl\0', version: '8.14.1-2', architecture: 'amd64', licence: 'of newer agents' };
    expect((await device.post('/software', { software: [entry], leftOut: 2 })).status).toBe(204);
    const passed = await facts<{ deviceUid: string }>(deviceSoftwareTold);
    expect(passed.filter(({ deviceUid }) => deviceUid === device.uid)).toEqual([
      {
        deviceUid: device.uid,
        receivedAt: expect.any(String),
        software: [{ name: 'curl\uFFFD', version: '8.14.1-2', architecture: 'amd64' }],
        leftOut: 2,
      },
    ]);
    const many = Array.from({ length: MOST_SOFTWARE + 1 }, () => ({ name: 'a', version: '1' }));
    const refused = await device.post('/software', { software: many, leftOut: 0 });
    expect([refused.status, refused.body['code']]).toEqual([400, 'document.invalid']);
    device.accessToken = 'nobody';
    expect((await device.post('/software', { software: [], leftOut: 0 })).status).toBe(401);
  });

  it('is refused from strangers, and when it is none', async () => {
    const device = await policy.device();
    expect((await device.post('/inventory', { facts: { memoryMegabytes: 'much' } })).body['findings']).toMatchObject([
      { path: '/gatheredAt' },
      { path: '/facts/memoryMegabytes' },
    ]);
    device.accessToken = 'nobody';
    expect((await device.post('/inventory', {})).status).toBe(401);
  });
});

describe('enrolment', () => {
  it('makes a device of a computer with a token and a key, and a fact of it', async () => {
    const device = await TestDevice.make(policy.base);
    const answer = await device.enrol(await policy.enrolmentToken(), { name: 'web-01' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ deviceUid: device.uid, site: 'S01' });
    const enrolled = await facts<{ deviceUid: string }>(deviceEnrolled);
    expect(enrolled.filter(({ deviceUid }) => deviceUid === device.uid)).toEqual([
      expect.objectContaining({
        name: 'web-01',
        keyThumbprint: thumbprintOf(device.publicKey),
        facts: { hostname: 'computer\uFFFD', os: { id: 'debian\uFFFD' } },
      }),
    ]);
  });

  it('lets the agent verify the site: the key it gets has the thumbprint in the token', async () => {
    const token = await policy.enrolmentToken();
    const device = await TestDevice.make(policy.base);
    await device.enrol(token);
    expect(thumbprintOf(device.signingKey!)).toBe(token.split('.')[1]);
  });

  it('answers the same when the same key asks again, and makes no second device', async () => {
    const token = await policy.enrolmentToken();
    const device = await TestDevice.make(policy.base);
    const answers = await Promise.all([device.enrol(token), device.enrol(token), device.enrol(token)]);
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const enrolled = await facts<{ deviceUid: string }>(deviceEnrolled);
    expect(enrolled.filter(({ deviceUid }) => deviceUid === device.uid)).toHaveLength(1);
  });

  it('refuses a used token from another computer', async () => {
    const token = await policy.enrolmentToken();
    await (await TestDevice.make(policy.base)).enrol(token);
    const second = await (await TestDevice.make(policy.base)).enrol(token);
    expect([second.status, second.body['code']]).toEqual([401, 'enrolment.used-token']);
  });

  it('refuses an expired token, also for the computer that used it', async () => {
    const [fresh, used] = [await policy.enrolmentToken(), await policy.enrolmentToken()];
    const device = await TestDevice.make(policy.base);
    await device.enrol(used);
    await database.query('update enrolment_token set expires_at = now() where sha256 = any($1)', [
      [sha256Hex(fresh), sha256Hex(used)],
    ]);
    for (const token of [fresh, used]) {
      const answer = await device.enrol(token);
      expect([answer.status, answer.body['code']]).toEqual([401, 'enrolment.expired-token']);
    }
  });

  it('refuses an unknown token, a token of another site, and what is no token', async () => {
    const thumbprint = (await policy.enrolmentToken()).split('.')[1];
    const x = 'x'.repeat(43);
    const device = await TestDevice.make(policy.base);
    for (const [token, code] of [
      [`mse_${x}.${thumbprint}`, 'enrolment.unknown-token'],
      [`mse_${x}.${x}`, 'enrolment.other-site'],
      ['password', 'enrolment.unknown-token'],
    ] as const) {
      const answer = await device.enrol(token);
      expect([answer.status, answer.body['code']]).toEqual([401, code]);
    }
  });

  it('refuses a wrong proof and leaves the token usable', async () => {
    const token = await policy.enrolmentToken();
    const [device, thief] = [await TestDevice.make(policy.base), await TestDevice.make(policy.base)];
    const proof = await thief.prove({ tokenSha256: sha256Hex(token), name: 'computer', iat: 1 });
    const answer = await device.enrol(token, { proof });
    expect([answer.status, answer.body['code']]).toEqual([401, 'enrolment.wrong-proof']);
    expect((await device.enrol(token)).status).toBe(201);
  });
});

describe('sessions', () => {
  let device: TestDevice;
  beforeAll(async () => {
    device = await policy.device();
  });

  it('trade an assertion for a token that opens the device’s routes and no others', async () => {
    const answer = await device.session();
    expect(answer.status).toBe(200);
    const life = Date.parse(answer.body['expiresAt'] ?? '') - Date.now();
    expect(life).toBeGreaterThan(9 * 60_000);
    expect(life).toBeLessThanOrEqual(10 * 60_000);
    expect((await device.get('/policy')).status).toBe(200);
    expect((await call(policy.base, '/api/v1/api-tokens', { token: device.accessToken })).status).toBe(401);
  });

  it('are refused when the assertion was used before', async () => {
    const assertion = await device.assertion();
    const answers = await Promise.all([device.session(assertion), device.session(assertion)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect(answers.find(({ status }) => status === 401)?.body['code']).toBe('session.replayed');
  });

  it('are refused by clock, audience, life, key and device', async () => {
    const other = await policy.device();
    const nobody = await TestDevice.make(policy.base);
    nobody.uid = randomUUID();
    const mine = device.uid;
    other.uid = mine;
    for (const [assertion, code] of [
      [await device.assertion({ secondsFromNow: 90 }), 'session.clock-skew'],
      [await device.assertion({ secondsFromNow: -180 }), 'session.clock-skew'],
      [await device.assertion({ audience: 'muster:S02' }), 'session.wrong-audience'],
      [await device.assertion({ lifeSeconds: 300 }), 'session.too-long'],
      [await other.assertion(), 'session.wrong-proof'],
      [await nobody.assertion(), 'session.unknown-device'],
      ['text', 'session.malformed-assertion'],
    ] as const) {
      const answer = await device.session(assertion);
      expect([answer.status, answer.body['code']]).toEqual([401, code]);
    }
  });

  it('end: an expired, a changed, a foreign and a missing token are each refused with the reason', async () => {
    const secret = policy.app.get(SiteKey).deriveSecret('muster session');
    const [header, , signature] = device.accessToken.split('.');
    const body = Buffer.from(JSON.stringify({ aud: 'muster:S01', sub: device.uid, exp: 9e9 })).toString('base64url');
    const asking = await TestDevice.make(policy.base);
    for (const [token, code] of [
      [makeAccessToken(secret, 'S01', device.uid, new Date(Date.now() - 1000)), 'session.expired-token'],
      [`${header}.${body}.${signature}`, 'session.forged-token'],
      [policy.token, 'session.forged-token'],
    ] as const) {
      asking.accessToken = token;
      const answer = await asking.get('/policy');
      expect([answer.status, answer.body['code']]).toEqual([401, code]);
    }
    const answer = await call(policy.base, '/api/v1/agent/policy');
    expect([answer.status, answer.body['code']]).toEqual([401, 'session.missing-token']);
  });

  it('end at once when the device is deleted, and no new one opens', async () => {
    const deleted = await policy.device();
    await policy.deployment.publish(resourceEvents(deviceKind).deleted, {
      resource: deviceOf(deleted.uid),
      actor: 'test',
    });
    await until(async () => (await deleted.get('/policy')).status === 403);
    expect((await deleted.get('/policy')).body['code']).toBe('session.device-deleted');
    const answer = await deleted.session();
    expect([answer.status, answer.body['code']]).toEqual([403, 'session.device-deleted']);
  });
});

describe('API tokens', () => {
  it('of the configuration work, and are announced to the other services', async () => {
    expect((await call(policy.base, '/api/v1/api-tokens', { token: adminToken })).status).toBe(200);
    const announced = await facts<{ name: string; sha256: string }>(apiTokenChanged);
    expect(announced).toContainEqual(
      expect.objectContaining({ name: 'admin', sha256: sha256Hex(adminToken), revokedAt: null }),
    );
  });

  it('of an earlier configuration are revoked when another one is configured', async () => {
    const next = 'muster_the-second-administrator';
    const replica = await policy.replica({ MUSTER_ADMIN_TOKEN_SHA256: sha256Hex(next) });
    try {
      expect((await call(replica.base, '/api/v1/api-tokens', { token: adminToken })).status).toBe(401);
      expect((await call(replica.base, '/api/v1/api-tokens', { token: next })).status).toBe(200);
    } finally {
      await replica.stop();
    }
    const announced = await facts<{ sha256: string; revokedAt: string | null }>(apiTokenChanged);
    const old = announced.filter(({ sha256 }) => sha256 === sha256Hex(adminToken));
    expect(old.map(({ revokedAt }) => revokedAt !== null)).toEqual([false, true]);
  });

  it('are made, shown once, used, listed without secret, and revoked', async () => {
    const made = await call(policy.base, '/api/v1/api-tokens', {
      token: policy.token,
      json: { name: 'ci', validDays: 2 },
    });
    expect(made.status).toBe(201);
    const token = made.body['token'] ?? '';
    expect(token).toMatch(/^muster_[A-Za-z0-9_-]{43}$/);
    const list = await call(policy.base, '/api/v1/api-tokens', { token });
    expect(list.status).toBe(200);
    expect(list.text).not.toContain(token);
    expect(list.text).not.toContain(sha256Hex(token));
    const path = `/api/v1/api-tokens/${made.body['uid']}`;
    const revoked = await call(policy.base, path, { method: 'DELETE', token: policy.token });
    expect(revoked.body['revokedAt']).not.toBeNull();
    expect((await call(policy.base, path, { method: 'DELETE', token: policy.token })).body).toEqual(revoked.body);
    await until(async () => (await call(policy.base, '/api/v1/api-tokens', { token })).status === 401);
    const announced = await facts<{ uid: string; revokedAt: string | null }>(apiTokenChanged);
    const ours = announced.filter(({ uid }) => uid === String(made.body['uid']));
    expect(ours.map(({ revokedAt }) => revokedAt !== null)).toEqual([false, true]);
  });

  it('are needed to make tokens', async () => {
    for (const path of ['/api/v1/api-tokens', '/api/v1/enrolment-tokens']) {
      expect((await call(policy.base, path, { json: { name: 'x' } })).status).toBe(401);
    }
  });

  it('are made, listed and revoked over gRPC by the same documents', async () => {
    const loaded = loadPackageDefinition(
      loadSync(protoFiles('policy'), { includeDirs: [PROTO_FOLDER], longs: Number, defaults: false }),
    ) as unknown as { muster: { policy: { v1: { TokenService: new (...parts: unknown[]) => never } } } };
    const client = new loaded.muster.policy.v1.TokenService(policy.grpcAddress, credentials.createInsecure()) as Record<
      string,
      (
        request: object,
        metadata: Metadata,
        done: (error: ServiceError | null, answer: Record<string, string>) => void,
      ) => void
    > & { close(): void };
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${policy.token}`);
    const ask = (method: string, request: object) =>
      new Promise<Record<string, string>>((resolve, reject) =>
        client[method]!.call(client, request, metadata, (error, answer) => (error ? reject(error) : resolve(answer))),
      );
    try {
      const made = await ask('CreateApiToken', { name: 'grpc' });
      expect(made['token']).toMatch(/^muster_/);
      const listed = (await ask('ListApiTokens', {})) as unknown as { items: { uid: string; revokedAt?: string }[] };
      expect(listed.items.find(({ uid }) => uid === made['uid'])?.revokedAt).toBeUndefined();
      expect((await ask('RevokeApiToken', { uid: made['uid'] }))['revokedAt']).toBeTruthy();
      expect((await ask('CreateEnrolmentToken', { validMinutes: 5 }))['token']).toMatch(/^mse_/);
      await expect(ask('CreateApiToken', { name: 'Not A Name' })).rejects.toMatchObject({ code: 3 });
      await expect(ask('RevokeApiToken', { uid: randomUUID() })).rejects.toMatchObject({ code: 5 });
    } finally {
      client.close();
    }
  });
});

describe('bad input', () => {
  it.each([
    ['/api/v1/agent/enrolments', {}, 'document.invalid'],
    ['/api/v1/agent/enrolments', { token: 'x', name: 'Not A Name' }, 'document.invalid'],
    ['/api/v1/agent/sessions', { assertion: 1 }, 'document.invalid'],
    ['/api/v1/agent/sessions', [], 'document.invalid'],
  ])('%s refuses %j with one clear problem', async (path, json, code) => {
    const answer = await call(policy.base, path, { json });
    expect([answer.status, answer.body['code']]).toEqual([400, code]);
  });

  it('documents every route', async () => {
    const { body } = await call(policy.base, '/openapi.json', { token: policy.token });
    expect(Object.keys(body['paths'] ?? {}).sort()).toEqual([
      '/api/v1/agent/bodies/{digest}',
      '/api/v1/agent/content-faults',
      '/api/v1/agent/content-locations',
      '/api/v1/agent/enrolments',
      '/api/v1/agent/fates',
      '/api/v1/agent/inventory',
      '/api/v1/agent/keys',
      '/api/v1/agent/permits',
      '/api/v1/agent/policy',
      '/api/v1/agent/reports',
      '/api/v1/agent/sessions',
      '/api/v1/agent/site-key',
      '/api/v1/agent/software',
      '/api/v1/agent/wake-ups',
      '/api/v1/api-tokens',
      '/api/v1/api-tokens/{uid}',
      '/api/v1/device-explanations/{device}',
      '/api/v1/enrolment-tokens',
      '/api/v1/enrolment-tokens/{uid}',
      '/api/v1/hierarchy/conflicts',
      '/api/v1/hierarchy/conflicts/settle',
      '/api/v1/hierarchy/join',
      '/api/v1/hierarchy/joins',
      '/api/v1/hierarchy/reinitialise',
      '/api/v1/hierarchy/tokens',
      '/api/v1/hierarchy/tokens/{uid}',
      '/api/v1/hierarchy/verify',
      '/api/v1/sites',
      '/api/v1/sites/{code}',
      '/api/v1/sites/{code}/revoke',
    ]);
  });
});
