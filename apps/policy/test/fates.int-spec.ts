import { randomUUID } from 'node:crypto';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import type { z } from 'zod';
import { collectionNamed, deploymentOf, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call, type TestDevice } from './test-device.js';

describe('what devices tell of their deployments', () => {
  let servers: TestServers;
  let policy: PolicyUnderTest;
  let database: Database;
  let devices: TestDevice[];
  const collection = collectionNamed('computers');
  const deployment = deploymentOf('rollout', 'computers', plain('A'));
  const deploymentUid = deployment.metadata.uid;

  beforeAll(async () => {
    servers = await startServers();
    policy = await PolicyUnderTest.start(servers);
    database = new Database({ url: servers.environment('policy')['MUSTER_DATABASE_URL'] ?? '', schema: 'policy' });
    devices = [await policy.device(), await policy.device(), await policy.device()];
    policy.know(plain('A'));
    await policy.deployment.publish(resourceEvents(collectionKind).saved, { resource: collection, actor: 'test' });
    const added = devices.slice(0, 2).map(({ uid }) => uid);
    await policy.deployment.publish(membersChanged, { collectionUid: collection.metadata.uid, added, removed: [] });
    await policy.deployment.publish(resourceEvents(deploymentKind).saved, { resource: deployment, actor: 'test' });
    await until(async () => (await devices[0]!.policy()).assignments.length === 1);
  });

  afterAll(async () => {
    await database?.close();
    await policy?.stop();
    await servers?.stop();
  });

  const fate = (number: number, more: object = {}) => ({
    deploymentUid,
    number,
    acceptance: { state: 'accepted', at: '2026-11-27T12:00:00Z' },
    delivery: { state: 'waiting', reason: 'window', at: '2026-11-27T12:00:00Z', says: 'waits' },
    ...more,
  });

  const facts = async () =>
    (
      await database.query<{ payload: z.infer<typeof fatesTold.payload> }>(
        'select payload from outbox where subject = $1 order by sequence',
        [fatesTold.subject({ site: 'S01' })],
      )
    ).map(({ payload }) => payload.fates);

  it('is acknowledged by its numbers, and one fact for devices that tell at the same time', async () => {
    const before = (await facts()).length;
    const answers = await Promise.all(
      devices
        .slice(0, 2)
        .flatMap((device) => [1, 2, 3].map((number) => device.post('/fates', { fates: [fate(number)] }))),
    );
    expect(answers.map(({ status, body }) => [status, body['acknowledged']])).toEqual(
      [1, 2, 3, 1, 2, 3].map((number) => [200, [number]]),
    );
    const made = (await facts()).slice(before);
    expect(made.length).toBeLessThan(6);
    const newest = new Map(made.flat().map(({ deviceUid, number }) => [deviceUid, number]));
    expect(newest.size).toBe(2);
    expect(Math.max(...made.flat().map(({ number }) => number))).toBe(3);
  });

  it('leaves out, and does not acknowledge, what is of deployments that are not for the device', async () => {
    const before = (await facts()).length;
    const mixed = [fate(11, { deploymentUid: randomUUID() }), fate(12)];
    expect((await devices[0]!.post('/fates', { fates: mixed })).body['acknowledged']).toEqual([12]);
    expect((await devices[2]!.post('/fates', { fates: [fate(13)] })).body['acknowledged']).toEqual([]);
    expect((await facts()).slice(before).flat()).toMatchObject([{ deviceUid: devices[0]!.uid, number: 12 }]);
  });

  it('takes what a newer agent says besides, and words that the database cannot keep', async () => {
    const acceptance = { state: 'accepted', at: '2026-11-27T12:00:00Z', says: 'nul \0 here', newField: 1 };
    const { status, body } = await devices[0]!.post('/fates', { fates: [fate(20, { acceptance })], newField: 1 });
    expect([status, body['acknowledged']]).toEqual([200, [20]]);
  });

  it.each([
    [{}, '/fates'],
    [{ fates: [] }, '/fates'],
    [{ fates: [fate(0)] }, '/fates/0/number'],
    [{ fates: [fate(1, { acceptance: { state: 'perhaps', at: 'now' } })] }, '/fates/0/acceptance/state'],
    [{ fates: [fate(1, { delivery: { state: 'waiting', at: 'now' } })] }, '/fates/0/delivery/at'],
  ])('refuses %j with the path of what is wrong', async (json, path) => {
    const { status, body } = await devices[0]!.post('/fates', json);
    expect([status, body['code']]).toEqual([400, 'document.invalid']);
    expect((body['findings'] as unknown as { path: string }[]).map((finding) => finding.path)).toContain(path);
  });

  it('is taken from nobody but devices', async () => {
    const answer = await call(policy.base, '/api/v1/agent/fates', { token: policy.token, json: { fates: [fate(1)] } });
    expect(answer.status).toBeGreaterThanOrEqual(401);
    expect((await call(policy.base, '/api/v1/agent/fates', { json: { fates: [fate(1)] } })).status).toBe(401);
  });
});
