import { randomUUID } from 'node:crypto';
import type { Manifest } from '@muster/contracts/agent/content.js';
import { policyBodySchema } from '@muster/contracts/agent/policy.js';
import { digestOf, digestOfBytes } from '@muster/contracts/digest.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { checkCopies } from '@muster/contracts/requests/check-copies.js';
import { findManifestUses } from '@muster/contracts/requests/find-uses.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Database } from '@muster/persistence/database.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { collectionNamed, deploymentOf, deviceOf, installing, plain, resource } from './documents.js';
import { deployingTo } from './deploying.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call } from './test-device.js';

const collections = resourceEvents(collectionKind);
const deployments = resourceEvents(deploymentKind);
const manifest: Manifest = { files: [{ path: 'install.sh', digest: digestOf('file'), size: 4 }] };
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

describe('policy', () => {
  it('says nothing to a device that nothing is deployed to', async () => {
    const device = await policy.device();
    expect(await device.policy()).toMatchObject({
      site: 'S01',
      deviceUid: device.uid,
      pollSeconds: 1,
      assignments: [],
    });
  });

  it('tells a device the maintenance windows of all its collections, and the news when one changes', async () => {
    const device = await policy.device();
    const night = { name: 'night', schedule: { start: '2026-12-01T01:00' }, durationMinutes: 180 };
    const made = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
    const save = (maintenanceWindows: (typeof night)[]) =>
      policy.deployment.publish(collections.saved, {
        resource: { ...made, spec: { ...made.spec, maintenanceWindows } },
        actor: 'test',
      });
    await save([night]);
    await policy.deployment.publish(membersChanged, {
      collectionUid: made.metadata.uid,
      added: [device.uid],
      removed: [],
    });
    const { name } = made.metadata;
    await until(async () => (await device.policy()).windows !== undefined);
    expect((await device.policy()).windows).toEqual([{ ...night, collection: name }]);
    await save([
      { ...night, durationMinutes: 60 },
      { ...night, name: 'again' },
    ]);
    await until(async () => (await device.policy()).windows?.length === 2);
    expect((await device.policy()).windows).toEqual([
      { ...night, durationMinutes: 60, collection: name },
      { ...night, name: 'again', collection: name },
    ]);
    await policy.deployment.publish(membersChanged, {
      collectionUid: made.metadata.uid,
      added: [],
      removed: [device.uid],
    });
    await until(async () => (await device.policy()).windows === undefined);
  });

  it('carries the rules of when it runs to the device as they were written', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const rules = {
      availableAt: '2026-12-01T01:00',
      triggers: [
        { event: 'Startup' as const },
        { schedule: { start: '2026-12-01T22:00Z', repeat: { every: { days: 7 } } } },
      ],
      rerun: 'IfFailed' as const,
      usersMayStart: true,
      outsideWindows: true,
    };
    const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, collection.name, policy.know(plain('rules')));
    const saved = { ...made, spec: { ...made.spec, ...rules } };
    await policy.deployment.publish(deployments.saved, { resource: saved, actor: 'test' });
    await assigned(device);
    expect((await device.policy()).assignments[0]).toMatchObject({
      ...rules,
      purpose: 'Required',
      deployment: { createdAt: made.metadata.createdAt },
    });
  });

  it('says nothing of what is for boot media and PXE alone, and nothing that is for the site', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const kinds = ['MediaAndPxe', 'MediaAndPxeHidden', 'ClientsMediaAndPxe'] as const;
    for (const availableTo of kinds) {
      const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, collection.name, policy.know(plain(availableTo)));
      const saved = { ...made, spec: { ...made.spec, availableTo, comment: 'for us' } };
      await policy.deployment.publish(deployments.saved, { resource: saved, actor: 'test' });
    }
    // The last one is told: what was before it has been decided on.
    await assigned(device);
    const [told] = (await device.policy()).assignments;
    expect(told).toMatchObject({ availableTo: 'ClientsMediaAndPxe' });
    expect(told).not.toHaveProperty('comment');
  });

  it.each([
    ['9999-12-31T23:59', 1],
    ['0000-01-01T00:00', 0],
    ['0000-01-01T00:00:00Z', 0],
  ])('takes the ends of time for an end: %s leaves %i assignments', async (expiresAt, count) => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    await deploy(collection.name, plain(`ends ${expiresAt}`), { expiresAt });
    // Behind it in the order of facts: when this is told, that one has been decided on.
    await deploy(collection.name, plain(`behind ${expiresAt}`));
    await until(async () => (await device.policy()).assignments.length === count + 1);
  });

  it('tells the members of a collection what is deployed to it, and nobody else', async () => {
    const [member, stranger] = [await policy.device(), await policy.device()];
    const collection = await collectionOf(member);
    await collectionOf(stranger);
    const { metadata } = await deploy(collection.name, plain('A'), { expiresAt: '2099-01-01T00:00:00+01:00' });
    await assigned(member);
    const { uid, name } = metadata;
    const [assignment] = (await member.policy()).assignments;
    expect(assignment).toMatchObject({
      deployment: { uid, name, generation: 1 },
      purpose: 'Required',
      expiresAt: '2099-01-01T00:00:00+01:00',
    });
    expect((await stranger.policy()).assignments).toEqual([]);
  });

  it('delivers bodies whose bytes have the digest, to those they are assigned to only', async () => {
    const [member, stranger] = [await policy.device(), await policy.device()];
    const spec = plain('B');
    await deploy((await collectionOf(member)).name, spec);
    await assigned(member);
    const digest = (await member.policy()).assignments[0]?.body ?? '';
    const answer = await member.get(`/bodies/${digest}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(digestOfBytes(answer.text)).toBe(digest);
    expect(policyBodySchema.parse(answer.body).sequence.spec).toEqual(spec);
    const refused = await stranger.get(`/bodies/${digest}`);
    expect([refused.status, refused.body['code']]).toEqual([404, 'policy.unknown-body']);
    expect((await member.get(`/bodies/${digestOf('nothing')}`)).status).toBe(404);
    expect((await member.get('/bodies/text')).status).toBe(400);
  });

  it('answers 304 while it says the same, and 200 as soon as it says something else', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const first = await device.get('/policy');
    const tag = first.headers.get('etag') ?? '';
    const ask = () => device.get('/policy', { 'If-None-Match': tag });
    expect((await ask()).status).toBe(304);
    const again = await ask();
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', tag]);
    // Something changes for somebody else: other serial, same tag.
    await deploy((await collectionOf(await policy.device())).name, plain('C'));
    expect((await ask()).status).toBe(304);
    await deploy(collection.name, plain('C'));
    await until(async () => (await ask()).status === 200);
  });

  it('follows a device that leaves and a deployment that is deleted', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const first = await deploy(collection.name, plain('D'));
    await deploy(collection.name, plain('E'));
    await assigned(device, 2);
    await policy.deployment.publish(deployments.deleted, { resource: first, actor: 'test' });
    await assigned(device, 1);
    const body = (await device.policy()).assignments[0]?.body;
    await collection.change([], [device]);
    await assigned(device, 0);
    // What it began it may finish.
    expect((await device.get(`/bodies/${body}`)).status).toBe(200);
    await collection.change([device], []);
    await assigned(device, 1);
  });

  it('follows a new generation, and withdraws a disabled sequence and an expired deployment', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const first = await deploy(collection.name, plain('F'));
    await assigned(device);
    const { uid, name } = first.metadata;
    const save = async (spec: SequenceSpec, generation: number, expiresAt?: string) => {
      const change = { uid, generation, ...(expiresAt === undefined ? {} : { expiresAt }) };
      const next = deploymentOf(name, collection.name, policy.know(spec), change);
      await policy.deployment.publish(deployments.saved, { resource: next, actor: 'test' });
    };
    const before = (await device.policy()).assignments[0];
    await save(plain('F', { description: 'changed' }), 2);
    // The generation is told at once, the body when it is compiled.
    await until(async () => {
      const [now] = (await device.policy()).assignments;
      return now?.deployment.generation === 2 && now.body !== before?.body;
    });
    await save(plain('F', { enabled: false }), 3);
    await assigned(device, 0);
    // On a busy machine a short life may be over before anybody has seen it: then a longer one.
    for (let generation = 4, seconds = 2; ; generation += 1, seconds *= 2) {
      const expires = Date.now() + seconds * 1000;
      await save(plain('F'), generation, new Date(expires).toISOString());
      const seen = async () => (await device.policy()).assignments[0]?.deployment.generation === generation;
      await until(async () => (await seen()) || Date.now() > expires);
      if (await seen()) break;
    }
    // Nothing but time passes.
    await assigned(device, 0);
  });

  it('tells devices that a deployment is stopped, also when it begins nowhere any more: its runs may go on yet', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const { uid, name } = (await deploy(collection.name, plain('Stops'))).metadata;
    await assigned(device);
    const save = async (generation: number, enabled: boolean, hold?: 'Starts' | 'Runs') => {
      const sequence = policy.know(plain('Stops', { enabled }));
      const next = deploymentOf(name, collection.name, sequence, { uid, generation, ...(hold && { hold }) });
      await policy.deployment.publish(deployments.saved, { resource: next, actor: 'test' });
    };
    const [before] = (await device.policy()).assignments;
    await save(2, false);
    await assigned(device, 0);
    await save(3, false, 'Runs');
    await assigned(device);
    expect((await device.policy()).assignments).toMatchObject([
      { deployment: { uid, generation: 3 }, hold: 'Runs', body: before?.body },
    ]);
    expect((await device.get(`/bodies/${before?.body}`)).status).toBe(200);
    await save(4, false);
    await assigned(device, 0);
    // Stopped first, it stays told.
    await save(5, true, 'Runs');
    await assigned(device);
    await save(6, false, 'Runs');
    // Behind it in the order of facts: when this is told, that one has been decided on.
    const behind = await deploy(collection.name, plain('Behind'));
    const told = async () => (await device.policy()).assignments;
    await until(async () => (await told()).some(({ deployment }) => deployment.uid === behind.metadata.uid));
    expect((await told()).find(({ deployment }) => deployment.uid === uid)).toMatchObject({
      deployment: { generation: 6 },
      hold: 'Runs',
    });
  });

  it('has a serial that never falls, over changes and over a restart of the service', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const serials = [(await device.policy()).serial];
    for (const variable of ['G', 'H', 'I']) {
      await deploy(collection.name, plain(variable));
      await assigned(device, serials.length);
      serials.push((await device.policy()).serial);
    }
    const replica = await policy.replica();
    try {
      serials.push((await device.policy()).serial);
    } finally {
      await replica.stop();
    }
    expect([...serials].sort((one, other) => one - other)).toEqual(serials);
    expect(new Set(serials).size).toBe(serials.length);
  });

  it('is the same from every replica, whichever applied the facts', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const replica = await policy.replica();
    try {
      const token = device.accessToken;
      const ask = (base: string, tag = '') =>
        call(base, '/api/v1/agent/policy', { token, headers: { 'If-None-Match': tag } });
      const tag = (await ask(policy.base)).headers.get('etag') ?? '';
      const both = async (status: number) =>
        (await Promise.all([ask(policy.base, tag), ask(replica.base, tag)])).every((one) => one.status === status);
      expect(await both(304)).toBe(true);
      await deploy(collection.name, plain('J'));
      await until(() => both(200));
      await policy.deployment.publish(resourceEvents(deviceKind).deleted, {
        resource: deviceOf(device.uid),
        actor: 'test',
      });
      await until(() => both(403));
    } finally {
      await replica.stop();
    }
  });
});

describe('content', () => {
  const versionOf = (version: number, files: Manifest) => ({ version, manifest: digestOf(files), bytes: 4 });

  async function packageSaved(name: string): Promise<void> {
    const saved = resource('Package', name, {}, { versions: [] });
    await policy.content.publish(resourceEvents(packageKind).saved, { resource: saved, actor: 'test' });
  }

  const askedFrom: (string | undefined)[] = [];
  const reported: unknown[] = [];

  beforeAll(() => {
    policy.content.bus.answer(
      checkCopies,
      async ({ faults }) => {
        reported.push(...faults);
        return { accepted: faults.length };
      },
      () => undefined,
    );
    policy.content.bus.answer(
      locateContent,
      async ({ manifest: asked, address }) => {
        askedFrom.push(address);
        return asked === digestOf(manifest)
          ? {
              manifest,
              locations: [{ digest: digestOf('file'), urls: ['http://127.0.0.1/file'] }],
              expiresAt: '2099-01-01T00:00:00Z',
            }
          : { manifest: null, locations: [], expiresAt: '2099-01-01T00:00:00Z' };
      },
      () => undefined,
    );
  });

  it('that is not distributed yet holds a deployment back until its fact comes', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    const programs = { install: { command: 'install.sh' } };
    policy.packages.set('late', { name: 'late', exists: true, programs, distributed: null });
    const blocked = async () => {
      const { text } = await call(policy.base, '/metrics', { token: policy.token });
      return Number(/^muster_policy_blocked\{.*\} (\d+)$/m.exec(text)?.[1]);
    };
    expect(await blocked()).toBe(0);
    await deploy(collection.name, installing('late'));
    await until(async () => (await blocked()) === 1);
    expect((await device.policy()).assignments).toEqual([]);
    policy.packages.set('late', { name: 'late', exists: true, programs, distributed: versionOf(1, manifest) });
    await packageSaved('late');
    await assigned(device);
    expect(await blocked()).toBe(0);
    const first = (await device.policy()).assignments[0];
    const { body } = await device.get(`/bodies/${first?.body}`);
    expect(policyBodySchema.parse(body).packages).toEqual({
      late: { version: 1, manifest: digestOf(manifest), programs },
    });

    // A new version makes a new body of the same deployment.
    policy.packages.set('late', { name: 'late', exists: true, programs, distributed: versionOf(2, { files: [] }) });
    await packageSaved('late');
    await until(async () => (await device.policy()).assignments[0]?.body !== first?.body);
    expect((await device.policy()).assignments[0]?.deployment).toEqual(first?.deployment);
  });

  it('is named as long as devices are told of it, also by a deployment that is blocked, and a while longer', async () => {
    const device = await policy.device();
    const [first, next] = [1, 2].map((size): Manifest => ({ files: [{ path: 'a', digest: digestOf('a'), size }] }));
    const has = async (distributed: ReturnType<typeof versionOf> | null) => {
      policy.packages.set('named', { name: 'named', exists: true, programs: {}, distributed });
      await packageSaved('named');
    };
    const usesOf = async (one: Manifest, endedWithinHours: number) => {
      const question = { manifests: [digestOf(one), digestOf('unheard of')], endedWithinHours };
      return (await policy.content.bus.request(findManifestUses, question)).items;
    };
    await has(versionOf(1, first!));
    const { metadata } = await deploy((await collectionOf(device)).name, installing('named'));
    await assigned(device);
    const named = [{ manifest: digestOf(first!), deployments: [metadata.name] }];
    expect(await usesOf(first!, 0)).toEqual(named);

    await has(null);
    const stateOf = async () => {
      const question = 'select state from deployment where name = $1';
      const [row] = await policy.app.get(Database).query<{ state: string }>(question, [metadata.name]);
      return row?.state;
    };
    await until(async () => (await stateOf()) === 'blocked');
    expect(await usesOf(first!, 0)).toEqual(named);

    await has(versionOf(2, next!));
    await until(async () => (await usesOf(next!, 0)).length === 1);
    expect(await usesOf(first!, 0)).toEqual([]);
    expect(await usesOf(first!, 1)).toEqual(named);
  });

  it('is located for devices that it is assigned to, and refused to others', async () => {
    const [member, stranger] = [await policy.device(), await policy.device()];
    policy.packages.set('here', { name: 'here', exists: true, programs: {}, distributed: versionOf(1, manifest) });
    await deploy((await collectionOf(member)).name, installing('here'));
    await assigned(member);
    const found = await member.post('/content-locations', { manifest: digestOf(manifest) });
    expect([found.status, found.body['manifest']]).toEqual([200, manifest]);
    const refused = await stranger.post('/content-locations', { manifest: digestOf(manifest) });
    expect([refused.status, refused.body['code']]).toEqual([403, 'policy.content-not-assigned']);
  });

  it('is located for the address that the edge tells, and bad copies of it are handed on', async () => {
    const device = await policy.device();
    const other: Manifest = { files: [{ path: 'other.sh', digest: digestOf('other'), size: 5 }] };
    policy.packages.set('near', { name: 'near', exists: true, programs: {}, distributed: versionOf(1, manifest) });
    await deploy((await collectionOf(device)).name, installing('near'));
    await assigned(device);
    await device.post('/content-locations', { manifest: digestOf(manifest) }, { 'x-forwarded-for': '192.0.2.7' });
    expect(askedFrom.at(-1)).toBe('192.0.2.7');
    await device.post('/content-locations', { manifest: digestOf(manifest) });
    expect(askedFrom.at(-1)).toBe('127.0.0.1');

    const fault = { digest: digestOf('file'), point: 'local', problem: 'wrong-bytes' };
    const faults = [
      { ...fault, manifest: digestOf(manifest) },
      { ...fault, manifest: digestOf(other) },
    ];
    const taken = await device.post('/content-faults', { faults });
    expect([taken.status, taken.body['accepted']]).toEqual([202, 1]);
    expect(reported).toEqual([{ ...fault, manifest: digestOf(manifest) }]);
    expect((await device.post('/content-faults', { faults: [] })).status).toBe(400);
    expect((await call(policy.base, '/api/v1/agent/content-faults', { json: { faults } })).status).toBe(401);
  });
});
