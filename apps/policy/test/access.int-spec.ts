import { randomUUID } from 'node:crypto';
import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import type { DeviceAccess } from '@muster/contracts/kinds/device-access.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { readDevice } from '@muster/contracts/requests/read-device.js';
import { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { thumbprintOf } from '../src/site-key/site-key.js';
import { collectionNamed, deploymentOf, deviceOf, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call, TestDevice, type Answer } from './test-device.js';

let servers: TestServers;
let policy: PolicyUnderTest;
let database: Database;

beforeAll(async () => {
  servers = await startServers();
  policy = await PolicyUnderTest.start(servers);
  database = new Database({ url: servers.environment('policy')['MUSTER_DATABASE_URL'] ?? '', schema: 'policy' });
});

afterAll(async () => {
  await database?.close();
  await policy?.stop();
  await servers?.stop();
});

const told = ({ status, body }: Answer) => [status, body['code']];

async function decide(device: TestDevice, state: DeviceAccess['state']): Promise<void> {
  const resource = deviceOf(device.uid);
  const access = { state, since: new Date().toISOString(), by: 'anna' };
  await policy.deployment.publish(resourceEvents(deviceKind).saved, {
    resource: { ...resource, status: { ...resource.status, access } },
    actor: 'anna',
  });
}

async function deployTo(device: TestDevice): Promise<void> {
  const made = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
  await policy.deployment.publish(resourceEvents(collectionKind).saved, { resource: made, actor: 'test' });
  await policy.deployment.publish(membersChanged, {
    collectionUid: made.metadata.uid,
    added: [device.uid],
    removed: [],
  });
  const deployment = deploymentOf(`d-${randomUUID().slice(0, 8)}`, made.metadata.name, policy.know(plain('access')));
  await policy.deployment.publish(resourceEvents(deploymentKind).saved, { resource: deployment, actor: 'test' });
}

/** Every door of a device with a session. */
function doors(device: TestDevice): Promise<Answer[]> {
  const digest = `sha256:${'a'.repeat(64)}`;
  return Promise.all([
    device.get('/policy'),
    device.get(`/bodies/${digest}`),
    device.get('/wake-ups'),
    device.post('/content-locations', { manifest: digest }),
    device.post('/content-faults', { faults: [] }),
    device.post('/inventory', { gatheredAt: new Date().toISOString(), facts: {} }),
    device.post('/software', { software: [], leftOut: 0 }),
    device.post('/reports', { reports: [] }),
    device.post('/permits', {}),
    device.post('/keys', {}),
  ]);
}

describe('a device that waits for its approval', () => {
  it('has no session, and says so; it has one, and its policy, from the moment it is approved', async () => {
    const device = await TestDevice.make(policy.base);
    const answer = await device.enrol(await policy.enrolmentToken({ approval: 'manual' }));
    expect([answer.status, answer.body['access']]).toEqual([201, 'pending']);
    await deployTo(device);
    expect(told(await device.session())).toEqual([403, 'session.device-pending']);
    await decide(device, 'approved');
    await until(async () => (await device.session()).status === 200);
    await until(async () => (await device.policy()).assignments.length === 1);
  });

  it('is told to the deployment service as pending, with who made its token', async () => {
    const device = await TestDevice.make(policy.base);
    await device.enrol(await policy.enrolmentToken({ approval: 'manual' }));
    const [fact] = await database.query<{ payload: { access: unknown } }>(
      `select payload from outbox where subject like $1 and payload ->> 'deviceUid' = $2`,
      [`%.${deviceEnrolled.fact}.%`, device.uid],
    );
    expect(fact?.payload.access).toEqual({ state: 'pending', by: expect.any(String) });
  });

  it('waits whatever its token says where the site approves by hand', async () => {
    const replica = await policy.replica({ MUSTER_ENROLMENT_APPROVAL: 'manual' });
    try {
      const { body } = await call(replica.base, '/api/v1/enrolment-tokens', {
        token: policy.token,
        json: { approval: 'automatic' },
      });
      expect(body['approval']).toBe('manual');
      const device = await TestDevice.make(replica.base);
      await device.enrol(body['token'] ?? '');
      expect(told(await device.session())).toEqual([403, 'session.device-pending']);
    } finally {
      await replica.stop();
    }
  });
});

describe('an unknown computer', () => {
  it('has a session and what is deployed to its collections at once, until the site knows it and waits for its approval', async () => {
    const device = await TestDevice.make(policy.base);
    const { status } = await device.enrol(await policy.enrolmentToken({ approval: 'manual', unknownComputers: true }));
    expect(status).toBe(201);
    const [fact] = await database.query<{ payload: { access: unknown } }>(
      `select payload from outbox where subject like $1 and payload ->> 'deviceUid' = $2`,
      [`%.${deviceEnrolled.fact}.%`, device.uid],
    );
    expect(fact?.payload.access).toEqual({ state: 'pending', by: expect.any(String), unknownComputers: true });
    await decide(device, 'unknown');
    await deployTo(device);
    expect((await device.session()).status).toBe(200);
    await until(async () => (await device.policy()).assignments.length === 1);
    await decide(device, 'pending');
    await until(async () => (await device.get('/policy')).status === 403);
    expect(told(await device.session())).toEqual([403, 'session.device-pending']);
  });
});

describe('a device that is blocked', () => {
  it('is refused at every door at once, also with the session it has, and comes back as it was', async () => {
    const device = await policy.device();
    await deployTo(device);
    await until(async () => (await device.policy()).assignments.length === 1);
    await decide(device, 'blocked');
    await until(async () => (await device.get('/policy')).status === 403);
    for (const answer of await doors(device)) expect(told(answer)).toEqual([403, 'session.device-blocked']);
    expect(told(await device.session())).toEqual([403, 'session.device-blocked']);
    await decide(device, 'approved');
    await until(async () => (await device.get('/policy')).status === 200);
    expect((await device.policy()).assignments).toHaveLength(1);
    expect((await device.session()).status).toBe(200);
  });

  it('is explained as one on which nothing starts, as is a record that no computer has enrolled for', async () => {
    const device = await policy.device();
    await deployTo(device);
    let uid = device.uid;
    policy.deployment.bus.answer(
      readDevice,
      async ({ name }) => ({ device: { uid, name, lastSeenAt: '2026-11-26T12:00:00.000Z' } }),
      () => undefined,
    );
    const explain = async () =>
      (await call(policy.base, '/api/v1/device-explanations/computer', { token: policy.token }))
        .body as unknown as DeviceExplanation;
    await until(async () => (await explain()).deployments[0]?.start !== undefined);
    expect(await explain()).toMatchObject({
      device: { lastSeenAt: '2026-11-26T12:00:00.000Z' },
      problems: [],
      deployments: [{ start: { says: 'starts next' } }],
    });
    await decide(device, 'blocked');
    await until(async () => (await explain()).problems.length > 0);
    expect(await explain()).toMatchObject({
      problems: [{ code: 'session.device-blocked', message: expect.stringContaining('muster device unblock') }],
      deployments: [{ start: { state: 'refused', says: 'nothing starts there (session.device-blocked)' } }],
    });
    uid = randomUUID();
    expect((await explain()).problems).toEqual([
      { code: 'deployment.device-not-enrolled', message: expect.stringContaining('waits for one') },
    ]);
  });

  it('is refused by another replica within a second', async () => {
    const replica = await policy.replica();
    try {
      const device = await policy.device();
      const ask = () => call(replica.base, '/api/v1/agent/policy', { token: device.accessToken });
      expect((await ask()).status).toBe(200);
      await decide(device, 'blocked');
      await until(async () => (await ask()).status === 403, 1000);
      await decide(device, 'approved');
      await until(async () => (await ask()).status === 200, 1000);
    } finally {
      await replica.stop();
    }
  });

  it('stays deleted when a fact that was on its way comes later', async () => {
    const device = await policy.device();
    const resource = deviceOf(device.uid);
    await policy.deployment.publish(resourceEvents(deviceKind).deleted, { resource, actor: 'test' });
    await decide(device, 'approved');
    await until(async () => (await device.get('/policy')).status === 403);
    const later = await policy.device();
    await decide(later, 'blocked');
    await until(async () => (await later.session()).status === 403);
    expect(told(await device.session())).toEqual([403, 'session.device-deleted']);
  });
});

describe('a key that was copied to another computer', () => {
  const facts = (last: string) => ({ machine: { uuid: `4c4c4544-0042-3510-8054-b4c04f4e${last}` } });
  const firmware = (last: string) => `smbios:${facts(last).machine.uuid}`;
  const enrolled = async (last: string) => {
    const device = await TestDevice.make(policy.base);
    await device.enrol(await policy.enrolmentToken(), { facts: facts(last) });
    return device;
  };
  const from = async (device: TestDevice, last: string) =>
    device.session(await device.assertion({ hardware: firmware(last) }));

  it('is refused there, told once, and good on the computer that enrolled', async () => {
    const device = await enrolled('0001');
    expect((await from(device, '0001')).status).toBe(200);
    for (let time = 0; time < 3; time++)
      expect(told(await from(device, '0002'))).toEqual([403, 'session.other-hardware']);
    expect((await from(device, '0001')).status).toBe(200);
    const facts = await database.query<{ payload: { hardware: string } }>(
      `select payload from outbox where subject like '%.device-cloned.%' and payload ->> 'deviceUid' = $1`,
      [device.uid],
    );
    expect(facts.map(({ payload }) => payload.hardware)).toEqual([firmware('0002')]);
  });

  it('is good there from when somebody says that the computer has another board', async () => {
    const device = await enrolled('0003');
    expect((await from(device, '0004')).status).toBe(403);
    const resource = deviceOf(device.uid);
    await policy.deployment.publish(resourceEvents(deviceKind).saved, {
      resource: { ...resource, status: { ...resource.status, hardware: firmware('0004') } },
      actor: 'anna',
    });
    await until(async () => (await from(device, '0004')).status === 200);
    expect(told(await from(device, '0003'))).toEqual([403, 'session.other-hardware']);
  });

  it('belongs to the computer that proves it first, of devices that enrolled without telling', async () => {
    const device = await policy.device();
    expect((await device.session()).status).toBe(200);
    expect((await from(device, '0005')).status).toBe(200);
    expect(told(await from(device, '0006'))).toEqual([403, 'session.other-hardware']);
  });
});

describe('a key that is replaced', () => {
  const offer = async (device: TestDevice, next: TestDevice, change: { from?: string; deviceUid?: string } = {}) => {
    const claims = {
      deviceUid: device.uid,
      from: thumbprintOf(device.publicKey),
      to: thumbprintOf(next.publicKey),
      ...change,
    };
    return { publicKey: next.publicKey, proof: await next.prove(claims), consent: await device.prove(claims) };
  };
  const rotated = async (device: TestDevice) =>
    database.query(
      `select 1 from outbox where subject like '%.device-key-rotated.%' and payload ->> 'deviceUid' = $1`,
      [device.uid],
    );

  it('counts until the new one is proved, and not any more then', async () => {
    const [device, next] = [await policy.device(), await TestDevice.make(policy.base)];
    next.uid = device.uid;
    expect(told(await next.session())).toEqual([401, 'session.wrong-proof']);
    for (let time = 0; time < 2; time++)
      expect((await device.post('/keys', await offer(device, next))).status).toBe(204);
    expect((await device.session()).status).toBe(200);
    expect(await rotated(device)).toHaveLength(0);
    expect((await next.session()).status).toBe(200);
    expect(told(await device.session())).toEqual([401, 'session.wrong-proof']);
    expect((await next.session()).status).toBe(200);
    expect(await rotated(device)).toHaveLength(1);
    expect((await device.post('/keys', await offer(device, next))).status).toBe(204);
  });

  it('needs both keys: an access token alone, or what was signed for another device or key, replaces nothing', async () => {
    const [device, thief] = [await policy.device(), await TestDevice.make(policy.base)];
    const good = await offer(device, thief);
    for (const wrong of [
      { ...good, consent: good.proof },
      { ...good, proof: good.consent },
      await offer(device, thief, { deviceUid: randomUUID() }),
      await offer(device, thief, { from: 'another' }),
      { ...good, consent: 'text' },
    ])
      expect(told(await device.post('/keys', wrong))).toEqual([401, 'key.wrong-proof']);
    thief.uid = device.uid;
    expect(told(await thief.session())).toEqual([401, 'session.wrong-proof']);
  });

  it('is asked for in the policy, until it is done', async () => {
    const [device, next] = [await policy.device(), await TestDevice.make(policy.base)];
    next.uid = device.uid;
    const resource = deviceOf(device.uid);
    const keyRotation = { askedAt: new Date().toISOString(), by: 'anna' };
    const ask = () =>
      policy.deployment.publish(resourceEvents(deviceKind).saved, {
        resource: { ...resource, status: { ...resource.status, keyRotation } },
        actor: 'anna',
      });
    await ask();
    await until(async () => (await device.policy()).rotateKey === thumbprintOf(device.publicKey));
    await device.post('/keys', await offer(device, next));
    await next.session();
    next.signingKey = device.signingKey;
    expect((await next.policy()).rotateKey).toBeUndefined();
    // The same wish once more, with another change of the record.
    await ask();
    await decide(next, 'blocked');
    await until(async () => (await next.get('/policy')).status === 403);
    await decide(next, 'approved');
    await until(async () => (await next.get('/policy')).status === 200);
    expect((await next.policy()).rotateKey).toBeUndefined();
  });
});

describe('devices that are heard of', () => {
  it('are told together now and then, whatever the number of their requests', async () => {
    const replica = await policy.replica({ MUSTER_SEEN_SECONDS: '1' });
    try {
      const devices = [await policy.device(), await policy.device()];
      const uids = devices.map(({ uid }) => uid);
      const told = async () =>
        (
          await database.query<{ devices: string[] }>(
            `select payload -> 'devices' as devices from outbox where subject like '%.devices-seen.%' order by sequence`,
          )
        ).filter((fact) => fact.devices.some((uid) => uids.includes(uid)));
      for (let time = 0; time < 20; time++)
        for (const { accessToken } of devices) await call(replica.base, '/api/v1/agent/policy', { token: accessToken });
      await until(async () => uids.every((uid) => JSON.stringify(uids).includes(uid)) && (await told()).length > 0);
      const facts = await told();
      expect(new Set(facts.flatMap((fact) => fact.devices).filter((uid) => uids.includes(uid)))).toEqual(new Set(uids));
      expect(facts.length).toBeLessThanOrEqual(3);
    } finally {
      await replica.stop();
    }
  });
});

describe('enrolment tokens', () => {
  const list = async () =>
    (await call(policy.base, '/api/v1/enrolment-tokens', { token: policy.token })).body['items'] as unknown as {
      uid: string;
      uses: number;
    }[];

  it('enrol as many computers as they are good for, and no more when all come at once', async () => {
    const token = await policy.enrolmentToken({ maxUses: 3 });
    const devices = await Promise.all(Array.from({ length: 5 }, () => TestDevice.make(policy.base)));
    const answers = await Promise.all(devices.map((device) => device.enrol(token)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 401, 401]);
    expect(answers.find(({ status }) => status === 401)?.body['code']).toBe('enrolment.used-token');
    const first = devices[answers.findIndex(({ status }) => status === 201)]!;
    expect((await first.enrol(token)).body['deviceUid']).toBe(first.uid);
    expect((await list())[0]).toMatchObject({ maxUses: 3, uses: 3, approval: 'automatic' });
  });

  it('are listed without their secrets and end when they are revoked, their devices do not', async () => {
    const token = await policy.enrolmentToken({ maxUses: 3 });
    const device = await TestDevice.make(policy.base);
    await device.enrol(token);
    const [newest] = await list();
    expect(JSON.stringify(await list())).not.toContain(token.slice(4, 20));
    const path = `/api/v1/enrolment-tokens/${newest?.uid}`;
    const revoked = await call(policy.base, path, { method: 'DELETE', token: policy.token });
    expect(revoked.body).toMatchObject({ uses: 1, revokedAt: expect.any(String) });
    expect((await call(policy.base, path, { method: 'DELETE', token: policy.token })).body).toEqual(revoked.body);
    expect(told(await (await TestDevice.make(policy.base)).enrol(token))).toEqual([401, 'enrolment.revoked-token']);
    expect((await device.session()).status).toBe(200);
    const nobody = await call(policy.base, `/api/v1/enrolment-tokens/${randomUUID()}`, {
      method: 'DELETE',
      token: policy.token,
    });
    expect(told(nobody)).toEqual([404, 'enrolment-token.not-found']);
  });
});
