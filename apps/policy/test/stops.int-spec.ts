import { randomUUID } from 'node:crypto';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { runsStopped } from '@muster/contracts/events/runs-stopped.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { deployingTo } from './deploying.js';
import { deploymentOf, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';

const deployments = resourceEvents(deploymentKind);
let servers: TestServers;
let policy: PolicyUnderTest;

beforeAll(async () => {
  servers = await startServers();
  policy = await PolicyUnderTest.start(servers);
});

afterAll(async () => {
  await policy?.stop();
  await servers?.stop();
});

const { collectionOf, deploy, assigned } = deployingTo(() => policy);

describe('a stop', () => {
  const stopped = (made: Awaited<ReturnType<typeof deploy>>, collection: string) =>
    policy.deployment.publish(deployments.saved, {
      resource: deploymentOf(made.metadata.name, collection, plain('Stop'), {
        uid: made.metadata.uid,
        generation: 2,
        hold: 'Runs',
      }),
      actor: 'test',
    });

  it('reaches devices that left the collection before it, and after it', async () => {
    const [before, after, never] = [await policy.device(), await policy.device(), await policy.device()];
    const collection = await collectionOf(before, after);
    const made = await deploy(collection.name, plain('Stop'));
    await assigned(before);
    await collection.change([], [before]);
    await assigned(before, 0);
    expect((await before.policy()).stops).toBeUndefined();
    await stopped(made, collection.name);
    const stops = { deployments: [made.metadata.uid] };
    await until(async () => (await before.policy()).stops !== undefined);
    expect((await before.policy()).stops).toEqual(stops);
    // Its assignment says it.
    expect(await after.policy()).toMatchObject({ assignments: [{ hold: 'Runs' }] });
    expect((await after.policy()).stops).toBeUndefined();
    await collection.change([], [after]);
    await assigned(after, 0);
    expect((await after.policy()).stops).toEqual(stops);
    expect((await never.policy()).stops).toBeUndefined();
  });

  it('reaches an agent that is not told of the deployment, because it could not go by it', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const places = { 'muster-abilities': 'start-places' };
    const made = await deploy(collection.name, plain('Stop'), { onInternet: true });
    await until(async () => (await device.policy(places)).assignments.length === 1);
    expect(await device.policy()).toMatchObject({ assignments: [] });
    expect((await device.policy()).stops).toBeUndefined();
    await policy.deployment.publish(deployments.saved, {
      resource: deploymentOf(made.metadata.name, collection.name, plain('Stop'), {
        uid: made.metadata.uid,
        generation: 2,
        hold: 'Runs',
        onInternet: true,
      }),
      actor: 'test',
    });
    await until(async () => (await device.policy()).stops !== undefined);
    expect((await device.policy()).stops).toEqual({ deployments: [made.metadata.uid] });
    expect(await device.policy(places)).toMatchObject({ assignments: [{ hold: 'Runs' }] });
    expect((await device.policy(places)).stops).toBeUndefined();
  });

  it('stays told when its deployment is deleted, also to devices that left', async () => {
    const [member, left] = [await policy.device(), await policy.device()];
    const collection = await collectionOf(member, left);
    const made = await deploy(collection.name, plain('Stop'));
    await assigned(left);
    await collection.change([], [left]);
    await stopped(made, collection.name);
    await policy.deployment.publish(deployments.deleted, { resource: made, actor: 'test' });
    await assigned(member, 0);
    for (const device of [member, left])
      expect((await device.policy()).stops).toEqual({ deployments: [made.metadata.uid] });
  });

  it('can be asked for when its deployment is deleted already, and moves the tag of those that it concerns', async () => {
    const [member, other] = [await policy.device(), await policy.device()];
    const collection = await collectionOf(member);
    const made = await deploy(collection.name, plain('Stop'));
    await assigned(member);
    await policy.deployment.publish(deployments.deleted, { resource: made, actor: 'test' });
    await assigned(member, 0);
    const tags = await Promise.all([member, other].map(async (one) => (await one.get('/policy')).headers.get('etag')));
    const { uid } = made.metadata;
    await policy.deployment.publish(runsStopped, { runs: [], deployments: [uid], actor: 'test' });
    await until(async () => (await member.policy()).stops !== undefined);
    expect((await member.policy()).stops).toEqual({ deployments: [uid] });
    expect((await member.get('/policy', { 'If-None-Match': tags[0] ?? '' })).status).toBe(200);
    expect((await other.get('/policy', { 'If-None-Match': tags[1] ?? '' })).status).toBe(304);
  });

  it('of one run is told to its device alone', async () => {
    const [device, other] = [await policy.device(), await policy.device()];
    const collection = await collectionOf(device, other);
    await deploy(collection.name, plain('Stop'));
    await assigned(device);
    const runUid = randomUUID();
    const fact = { runs: [{ runUid, deviceUid: device.uid }], deployments: [], actor: 'test' };
    await policy.deployment.publish(runsStopped, fact);
    await until(async () => (await device.policy()).stops !== undefined);
    expect((await device.policy()).stops).toEqual({ runs: [runUid] });
    expect((await device.policy()).assignments).toMatchObject([{ deployment: {} }]);
    expect((await other.policy()).stops).toBeUndefined();
    const { etag } = Object.fromEntries((await device.get('/policy')).headers);
    await policy.deployment.publish(runsStopped, fact);
    const behind = await deploy(collection.name, plain('Behind'));
    await assigned(device, 2);
    expect((await device.policy()).assignments.map(({ deployment }) => deployment.uid)).toContain(behind.metadata.uid);
    expect((await device.get('/policy')).headers.get('etag')).not.toBe(etag);
    expect((await device.policy()).stops).toEqual({ runs: [runUid] });
  });
});
