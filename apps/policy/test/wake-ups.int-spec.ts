import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import { ABILITIES_HEADER } from '@muster/contracts/agent/permits.js';
import { WAKE_NEIGHBOURS } from '@muster/contracts/agent/wake-up.js';
import { callDevices } from '@muster/contracts/requests/call-devices.js';
import { retrievePolicy } from '@muster/contracts/requests/retrieve-policy.js';
import { wakeNeighbours } from '@muster/contracts/requests/wake-neighbours.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { collectionNamed, deploymentOf, deviceOf, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import type { TestDevice } from './test-device.js';

const collections = resourceEvents(collectionKind);
const deployments = resourceEvents(deploymentKind);
const devices = resourceEvents(deviceKind);
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

/** What a device hears; `ended` when the site ended the connection. */
async function listen(
  device: TestDevice,
  { base = policy.base, woken = () => undefined }: { base?: string; woken?: () => void } = {},
): Promise<{ heard: string[]; ended: () => boolean }> {
  const response = await fetch(`${base}/api/v1/agent/wake-ups`, {
    headers: { Authorization: `Bearer ${device.accessToken}` },
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringMatching(/event-stream/)]);
  const heard: string[] = [];
  let ended = false;
  void (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = chunk.split('\n').filter((line) => line.startsWith('data:'));
      heard.push(...lines);
      if (lines.length > 0) woken();
    }
  })()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return { heard, ended: () => ended };
}

async function collectionOf(...devices: TestDevice[]) {
  const made = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
  await policy.deployment.publish(collections.saved, { resource: made, actor: 'test' });
  const added = devices.map(({ uid }) => uid);
  await policy.deployment.publish(membersChanged, { collectionUid: made.metadata.uid, added, removed: [] });
  return made;
}

it('wakes the devices that a change concerns, and no others', async () => {
  const [member, stranger] = [await policy.device(), await policy.device()];
  const { metadata } = await collectionOf(member);
  const [ears, others] = [await listen(member), await listen(stranger)];
  const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, metadata.name, policy.know(plain('wake')));
  await policy.deployment.publish(deployments.saved, { resource: made, actor: 'test' });
  await until(async () => ears.heard.length > 0);
  expect(ears.heard).toEqual(['data: {"withinSeconds":0}']);
  expect((await member.policy()).assignments).toHaveLength(1);
  // What leaves is woken too.
  await policy.deployment.publish(membersChanged, {
    collectionUid: metadata.uid,
    added: [],
    removed: [member.uid],
  });
  await until(async () => ears.heard.length > 1);
  expect((await member.policy()).assignments).toEqual([]);
  expect(others.heard).toEqual([]);
});

it('wakes devices when every process knows of the change: whichever they ask has the news', async () => {
  const replica = await policy.replica();
  try {
    const device = await policy.device();
    const { metadata } = await collectionOf(device);
    const ask = (base: string, etag: string) =>
      fetch(`${base}/api/v1/agent/policy`, {
        headers: { Authorization: `Bearer ${device.accessToken}`, 'If-None-Match': etag },
      });
    const bases = [policy.base, replica.base];
    /** Where it was told, and had the news from the other one. */
    const news = new Set<string>();
    let etag = '';
    for (const [index, base] of bases.entries()) {
      const other = bases[1 - index] ?? '';
      const woken = () => void ask(other, etag).then(({ status }) => status === 200 && news.add(base));
      await listen(device, { base, woken });
    }
    for (let round = 0; round < 4; round++) {
      // Both have the tag in memory.
      for (const base of bases) etag = (await ask(base, etag)).headers.get('etag') ?? '';
      news.clear();
      const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, metadata.name, policy.know(plain('news')));
      await policy.deployment.publish(deployments.saved, { resource: made, actor: 'test' });
      await until(() => news.size === bases.length, 10_000);
    }
  } finally {
    await replica.stop();
  }
});

it('calls a device, or the members of a collection, to come for policy although nothing changed', async () => {
  const [device, member, stranger] = [await policy.device(), await policy.device(), await policy.device()];
  const { metadata } = await collectionOf(member);
  // Behind this answer nothing else is on its way to anybody.
  await until(async () => (await member.get('/policy')).status === 200);
  const ears = { device: await listen(device), member: await listen(member), stranger: await listen(stranger) };
  await policy.deployment.bus.request(retrievePolicy, { device: device.uid });
  await until(() => ears.device.heard.length > 0);
  const before = ears.member.heard.length;
  await policy.deployment.bus.request(retrievePolicy, { collection: metadata.uid });
  await until(() => ears.member.heard.length > before);
  expect([ears.device.heard.length, ears.stranger.heard]).toEqual([1, []]);
});

it('tells a device, or the members of a collection, that their inventory is wanted, without reading policy anew, whichever process asks', async () => {
  const [device, member, stranger] = [await policy.device(), await policy.device(), await policy.device()];
  const gone = await policy.device();
  const { metadata } = await collectionOf(member, gone);
  await policy.deployment.publish(membersChanged, { collectionUid: metadata.uid, added: [], removed: [gone.uid] });
  await until(async () => (await member.get('/policy')).status === 200);
  const replica = await policy.replica();
  try {
    const etag = (await device.get('/policy')).headers.get('etag') ?? '';
    const ears = {
      device: await listen(device),
      member: await listen(member, { base: replica.base }),
      stranger: await listen(stranger),
      gone: await listen(gone),
    };
    const before = ears.gone.heard.length;
    const wanted = 'data: {"withinSeconds":0,"wish":"inventory"}';
    await policy.deployment.bus.request(callDevices, { device: device.uid, wish: 'inventory' });
    await until(() => ears.device.heard.includes(wanted));
    await policy.deployment.bus.request(callDevices, { collection: metadata.uid, wish: 'inventory' });
    await until(() => ears.member.heard.includes(wanted));
    expect(ears.device.heard).toEqual([wanted]);
    expect([ears.stranger.heard, ears.gone.heard.slice(before)]).toEqual([[], []]);
    expect((await device.get('/policy', { 'If-None-Match': etag })).status).toBe(304);
  } finally {
    await replica.stop();
  }
});

it('asks connected devices that can do it to wake neighbours, each once, and no others', async () => {
  const [able, old, away] = [await policy.device(), await policy.device(), await policy.device()];
  const abilities = { [ABILITIES_HEADER]: WAKE_NEIGHBOURS };
  for (const device of [able, away]) expect((await device.get('/policy', abilities)).status).toBe(200);
  expect((await old.get('/policy')).status).toBe(200);
  const replica = await policy.replica();
  try {
    const [ears, others] = [await listen(able), await listen(old)];
    const packets = [{ mac: '02:fc:00:00:00:0a', address: '192.0.2.255', port: 9 }];
    const devices = [able.uid, old.uid, away.uid];
    expect(await policy.deployment.bus.request(wakeNeighbours, { wakes: [{ devices, packets }] })).toEqual({
      asked: 2,
    });
    const told = () =>
      ears.heard.flatMap((line) => {
        const { neighbours } = JSON.parse(line.slice('data:'.length)) as { neighbours?: unknown };
        return neighbours === undefined ? [] : [neighbours];
      });
    await until(() => told().length === 1);
    await policy.deployment.bus.request(wakeNeighbours, { wakes: [{ devices: [able.uid], packets }] });
    await until(() => told().length === 2);
    expect(told()).toEqual([packets, packets]);
    expect(others.heard).toEqual([]);
  } finally {
    await replica.stop();
  }
});

it('tells that a deployment is held although its body cannot be compiled any more', async () => {
  const device = await policy.device();
  const { metadata } = await collectionOf(device);
  const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, metadata.name, policy.know(plain('held')));
  await policy.deployment.publish(deployments.saved, { resource: made, actor: 'test' });
  await until(async () => (await device.policy()).assignments.length === 1);
  const ears = await listen(device);
  const held = {
    ...made,
    metadata: { ...made.metadata, generation: 2 },
    spec: { ...made.spec, hold: 'Runs' as const },
    status: { ...made.status, sequenceDigest: `sha256:${'0'.repeat(64)}` },
  };
  await policy.deployment.publish(deployments.saved, { resource: held, actor: 'test' });
  await until(async () => ears.heard.length > 0);
  expect((await device.policy()).assignments[0]).toMatchObject({ hold: 'Runs', deployment: { generation: 2 } });
});

it.each(['deleted', 'blocked'])('ends the connection of a device that is %s, and takes none then', async (what) => {
  const device = await policy.device();
  const ears = await listen(device);
  const resource = deviceOf(device.uid);
  if (what === 'deleted') await policy.deployment.publish(devices.deleted, { resource, actor: 'test' });
  else {
    const access = { state: 'blocked', since: new Date().toISOString(), by: 'anna' } as const;
    const blocked = { ...resource, status: { ...resource.status, access } };
    await policy.deployment.publish(devices.saved, { resource: blocked, actor: 'test' });
  }
  await until(async () => ears.ended());
  expect((await device.get('/wake-ups')).status).toBe(403);
});

it('takes no connection without a session', async () => {
  const stranger = await fetch(`${policy.base}/api/v1/agent/wake-ups`);
  expect(stranger.status).toBe(401);
});

it('keeps the last connection of a device only', async () => {
  const device = await policy.device();
  const first = await listen(device);
  const second = await listen(device);
  await until(async () => first.ended());
  await delay(0);
  expect(second.ended()).toBe(false);
});
