import { randomUUID } from 'node:crypto';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { collectionNamed, deploymentOf, deviceOf, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call, type TestDevice } from './test-device.js';

const collections = resourceEvents(collectionKind);
const deployments = resourceEvents(deploymentKind);
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

/** A device in a collection of its own. */
async function member() {
  const device = await policy.device();
  const { metadata } = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
  const { name, uid } = metadata;
  const resource = { ...collectionNamed(name), metadata };
  await policy.deployment.publish(collections.saved, { resource, actor: 'test' });
  await policy.deployment.publish(membersChanged, { collectionUid: uid, added: [device.uid], removed: [] });
  const deploy = async (variable: string): Promise<void> => {
    const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, name, policy.know(plain(variable)));
    await policy.deployment.publish(deployments.saved, { resource: made, actor: 'test' });
  };
  return { device, collectionUid: uid, deploy };
}

const assigned = (device: TestDevice, count: number) =>
  until(async () => (await device.policy()).assignments.length === count);

async function tagOf(device: TestDevice): Promise<string> {
  return (await device.get('/policy')).headers.get('etag') ?? '';
}

const status = async (device: TestDevice, tag: string): Promise<number> =>
  (await device.get('/policy', { 'If-None-Match': tag })).status;

/** Behind the back of the service: what it reads it sees, of what it remembers it knows nothing. */
async function changeSilently(collectionUid: string): Promise<void> {
  await database.query(`update deployment set assignment = assignment || $2::jsonb where collection_uid = $1`, [
    collectionUid,
    JSON.stringify({ purpose: 'Available' }),
  ]);
}

it('answers a device that no change concerned out of memory, also while there are changes for others', async () => {
  const [quiet, busy] = [await member(), await member()];
  await quiet.deploy('A');
  await assigned(quiet.device, 1);
  const tag = await tagOf(quiet.device);
  await changeSilently(quiet.collectionUid);
  await busy.deploy('B');
  await assigned(busy.device, 1);
  expect(await status(quiet.device, tag)).toBe(304);
  // Members that come and go are a change for them, not for all who are there.
  const joining = await policy.device();
  const { collectionUid } = quiet;
  await policy.deployment.publish(membersChanged, { collectionUid, added: [joining.uid], removed: [] });
  await assigned(joining, 1);
  expect(await status(quiet.device, tag)).toBe(304);
  // What concerns it is read.
  await quiet.deploy('C');
  await until(async () => (await status(quiet.device, tag)) === 200);
  expect((await quiet.device.policy()).assignments).toHaveLength(2);
});

it('knows of a collection that a device entered when nothing was deployed to it yet', async () => {
  const { device, collectionUid, deploy } = await member();
  await until(async () => {
    const rows = await database.query('select 1 from device_member where collection_uid = $1', [collectionUid]);
    return rows.length > 0;
  });
  const tag = await tagOf(device);
  expect(await status(device, tag)).toBe(304);
  await deploy('D');
  await until(async () => (await status(device, tag)) === 200);
});

it('is in the metrics, and not for those who prove nothing or were blocked', async () => {
  const { device } = await member();
  const tag = await tagOf(device);
  const { accessToken } = device;
  expect(await status(device, tag)).toBe(304);
  const metrics = await call(policy.base, '/metrics', { token: policy.token });
  expect(metrics.text).toMatch(/muster_http_request_seconds_count\{[^}]*route="\/api\/v1\/agent\/policy",status="304"/);
  device.accessToken = `${accessToken.slice(0, -1)}${accessToken.endsWith('A') ? 'B' : 'A'}`;
  const forged = await device.get('/policy', { 'If-None-Match': tag });
  expect([forged.status, forged.body['code']]).toEqual([401, 'session.forged-token']);
  device.accessToken = accessToken;
  await policy.deployment.publish(resourceEvents(deviceKind).deleted, {
    resource: deviceOf(device.uid),
    actor: 'test',
  });
  await until(async () => (await status(device, tag)) === 403);
});

it('forgets everything when the database is one of an earlier day', async () => {
  const { device, collectionUid, deploy } = await member();
  await deploy('E');
  await assigned(device, 1);
  const tag = await tagOf(device);
  await changeSilently(collectionUid);
  expect(await status(device, tag)).toBe(304);
  await database.query('update policy_serial set serial = serial - 86400000');
  await until(async () => (await status(device, tag)) === 200);
});
