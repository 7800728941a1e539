import { randomUUID } from 'node:crypto';
import { sealedValuesSchema, type PolicyDocument } from '@muster/contracts/agent/policy.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { sealedFor, variablesChanged, type ToldVariable } from '@muster/contracts/events/variables-changed.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { deviceExplanationSchema } from '@muster/contracts/kinds/device-explanation.js';
import { compareSecrets } from '@muster/contracts/requests/compare-secrets.js';
import { readDevice } from '@muster/contracts/requests/read-device.js';
import { sealedForStep } from '@muster/contracts/requests/read-sequence.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { seal } from '@muster/service/sealing/seal.js';
import { fromStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { collectionNamed, deploymentOf, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call, type TestDevice } from './test-device.js';

const collections = resourceEvents(collectionKind);
const deployments = resourceEvents(deploymentKind);
const SECRET = 'correct-horse-battery';
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

async function collectionOf(...devices: TestDevice[]) {
  const made = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
  const { uid, name } = made.metadata;
  const change = (added: TestDevice[], removed: TestDevice[]) =>
    policy.deployment.publish(membersChanged, {
      collectionUid: uid,
      added: added.map((one) => one.uid),
      removed: removed.map((one) => one.uid),
    });
  await policy.deployment.publish(collections.saved, { resource: made, actor: 'test' });
  await change(devices, []);
  return { kind: 'Collection' as const, uid, name, change, made };
}

/** Tells what an owner has; `hidden` values are sealed as the deployment service does it. */
async function tell(
  owner: { kind: 'Device' | 'Collection'; uid: string; name: string },
  visible: Record<string, string>,
  hidden: Record<string, string> = {},
  priority = 1,
): Promise<void> {
  const { key } = await policy.deployment.bus.request(readSealingKey, {});
  const variables: ToldVariable[] = Object.entries(visible).map(([name, value]) => ({ name, value }));
  for (const [name, value] of Object.entries(hidden))
    variables.push({ name, sealed: await seal({ for: sealedFor(owner, name), value }, key) });
  const { kind, uid, name } = owner;
  await policy.deployment.publish(variablesChanged, { owner: { kind, uid, name }, priority, variables });
}

async function deployedDevice() {
  const device = await policy.device();
  const target = await collectionOf(device);
  const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, target.name, policy.know(plain('A')));
  await policy.deployment.publish(deployments.saved, { resource: made, actor: 'test' });
  await until(async () => (await device.policy()).assignments.length === 1);
  return { device, target };
}

const toldTo = async (device: TestDevice, fits: (document: PolicyDocument) => boolean): Promise<PolicyDocument> => {
  let document = await device.policy();
  await until(async () => fits((document = await device.policy())));
  return document;
};
const openedBy = async (device: TestDevice, { variables }: PolicyDocument) =>
  sealedValuesSchema.parse(await device.unseal(variables?.sealed ?? ''));

describe('variables in policy', () => {
  it('are those of the device and of every collection that it is in, whatever is deployed to which', async () => {
    const { device } = await deployedDevice();
    const [one, other] = [await collectionOf(device), await collectionOf(device)];
    await tell(one, { Ring: 'one' });
    await tell(other, { Ring: 'other' }, {}, 9);
    await tell({ kind: 'Device', uid: device.uid, name: 'computer' }, { Own: 'x' });
    const { variables } = await toldTo(device, (document) => (document.variables?.device.length ?? 0) === 1);
    expect(variables?.device).toEqual([{ name: 'Own', value: 'x' }]);
    expect(variables?.collections).toEqual(
      [
        { name: one.name, priority: 1, variables: [{ name: 'Ring', value: 'one' }] },
        { name: other.name, priority: 9, variables: [{ name: 'Ring', value: 'other' }] },
      ].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    await other.change([], [device]);
    await toldTo(device, (document) => document.variables?.collections.length === 1);
    await policy.deployment.publish(collections.deleted, { resource: one.made, actor: 'test' });
    await toldTo(device, (document) => document.variables?.collections.length === 0);
  });

  it('have hidden values sealed to the device alone, and nowhere else in the clear', async () => {
    const { device, target } = await deployedDevice();
    await tell(target, { Ring: 'pilot' }, { Token: SECRET });
    const waiting = await toldTo(device, (document) => document.variables !== undefined);
    expect(waiting.variables).toEqual({
      device: [],
      collections: [
        {
          name: target.name,
          priority: 1,
          variables: [
            { name: 'Ring', value: 'pilot' },
            { name: 'Token', hidden: true },
          ],
        },
      ],
    });
    // Its next session tells a key.
    await device.makeSealingKey();
    await device.session();
    const sealed = await toldTo(device, (document) => document.variables?.sealed !== undefined);
    expect(await openedBy(device, sealed)).toEqual({
      device: {},
      collections: { [target.name]: { Token: SECRET } },
    });
    const other = await policy.device();
    await other.makeSealingKey();
    await expect(openedBy(other, sealed)).rejects.toThrow();
    expect(await servers.dump('policy')).not.toContain(SECRET);
  });

  it('leave the tag of a policy alone until something of that device changes', async () => {
    const { device, target } = await deployedDevice();
    const { device: bystander } = await deployedDevice();
    await device.makeSealingKey();
    await device.session();
    await tell(target, {}, { Token: SECRET });
    await toldTo(device, (document) => document.variables?.sealed !== undefined);
    const tagOf = async (one: TestDevice) => (await one.get('/policy')).headers.get('etag') ?? '';
    const tags = [await tagOf(device), await tagOf(bystander)];
    // Sealing twice gives two texts and one tag.
    expect(await tagOf(device)).toBe(tags[0]);
    const stranger = await collectionOf();
    await tell(stranger, { Ring: 'x' });
    const ask = async (one: TestDevice, tag: string) => (await one.get('/policy', { 'If-None-Match': tag })).status;
    expect([await ask(device, tags[0]!), await ask(bystander, tags[1]!)]).toEqual([304, 304]);

    await tell(target, {}, { Token: `${SECRET}-2` });
    await until(async () => (await ask(device, tags[0]!)) === 200);
    expect(await ask(bystander, tags[1]!)).toBe(304);
    expect(await openedBy(device, await device.policy())).toMatchObject({
      collections: { [target.name]: { Token: `${SECRET}-2` } },
    });

    const before = await tagOf(device);
    await device.makeSealingKey();
    await device.session();
    await until(async () => (await ask(device, before)) === 200);
    expect(await openedBy(device, await device.policy())).toMatchObject({ device: {} });
  });

  it('are not told to a device that runs nothing', async () => {
    const device = await policy.device();
    const collection = await collectionOf(device);
    await tell(collection, { Ring: 'x' }, { Token: SECRET });
    const { device: later } = await deployedDevice();
    await tell({ kind: 'Device', uid: later.uid, name: 'computer' }, { Own: 'x' });
    await toldTo(later, (document) => document.variables !== undefined);
    expect(await device.policy()).not.toHaveProperty('variables');
  });

  it('that were sealed for another place are not opened: a moved text tells nobody anything', async () => {
    const { device, target } = await deployedDevice();
    await device.makeSealingKey();
    await device.session();
    const { key } = await policy.deployment.bus.request(readSealingKey, {});
    const stolen = await seal({ for: 'Collection/finance/token', value: SECRET }, key);
    const { kind, uid, name } = target;
    await policy.deployment.publish(variablesChanged, {
      owner: { kind, uid, name },
      priority: 1,
      variables: [{ name: 'Token', sealed: stolen }],
    });
    const document = await toldTo(device, ({ variables }) => variables !== undefined);
    expect(document.variables).toEqual({
      device: [],
      collections: [{ name, priority: 1, variables: [{ name: 'Token', hidden: true }] }],
    });
  });

  it('bring the secrets of steps, sealed to the device; the body has their names', async () => {
    const device = await policy.device();
    const target = await collectionOf(device);
    const name = '_Secret-abcdefghijklmnop';
    const { key } = await policy.deployment.bus.request(readSealingKey, {});
    const spec = {
      steps: [
        {
          step: 'Join',
          type: 'JoinDomain',
          settings: { kind: 'domain', domain: 'example.org', account: 'E', password: `%${name}%` },
        },
      ],
    };
    policy.know(spec, { [name]: await seal({ for: sealedForStep(name), value: SECRET }, key) });
    const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, target.name, spec);
    await policy.deployment.publish(deployments.saved, { resource: made, actor: 'test' });
    const waiting = await toldTo(device, (document) => document.variables?.secrets !== undefined);
    expect(waiting.variables).toEqual({ device: [], collections: [], secrets: [name] });
    await device.makeSealingKey();
    await device.session();
    const document = await toldTo(device, ({ variables }) => variables?.sealed !== undefined);
    expect(await openedBy(device, document)).toEqual({ device: {}, collections: {}, secrets: { [name]: SECRET } });
    const body = await device.get(`/bodies/${document.assignments[0]?.body}`);
    expect(body.text).toContain(name);
    expect(body.text).not.toContain(SECRET);
    expect(await servers.dump('policy')).not.toContain(SECRET);
    const other = await seal({ for: 'Step/x', value: SECRET }, key);
    const same = await seal({ for: 'Step/y', value: SECRET }, key);
    const ask = (place: string) =>
      policy.deployment.bus.request(compareSecrets, {
        pairs: [
          [
            { sealed: other, for: 'Step/x' },
            { sealed: same, for: place },
          ],
        ],
      });
    expect([await ask('Step/y'), await ask('Step/z')]).toEqual([{ same: [true] }, { same: [false] }]);
  });

  it('are explained as the device is told them: who wins, who loses, what is hidden, and the fate of each step', async () => {
    const { device, target } = await deployedDevice();
    const strong = await collectionOf(device);
    await tell(target, { Ring: 'weak' });
    await tell(strong, { ring: 'strong' }, { Token: SECRET }, 9);
    await tell({ kind: 'Device', uid: device.uid, name: 'computer' }, { Own: 'x' });
    policy.deployment.bus.answer(
      readDevice,
      async ({ name }) => ({
        device: name === 'computer' ? { uid: device.uid, name, facts: { hostname: 'computer' } } : null,
      }),
      () => undefined,
    );
    const explain = (path: string) => call(policy.base, `/api/v1/device-explanations/${path}`, { token: policy.token });
    expect(await explain('computer')).toMatchObject({ status: 200 });
    await until(async () => (await explain('computer')).text.includes('"Own"'));
    const { status, body, text } = await explain('computer');
    expect([status, deviceExplanationSchema.parse(body)]).toEqual([200, body]);
    expect(text).not.toContain(SECRET);
    const explained = deviceExplanationSchema.parse(body);
    expect(explained.variables).toEqual([
      { name: 'Own', winner: { layer: 'device', value: 'x' }, losers: [] },
      {
        name: expect.stringMatching(/^ring$/i),
        winner: { layer: 'collection', value: 'strong', source: strong.name },
        losers: [{ layer: 'collection', value: 'weak', source: target.name, priority: 1 }],
      },
      { name: 'Token', winner: { layer: 'collection', value: '********', source: strong.name }, losers: [] },
    ]);
    expect(explained.problems).toEqual([expect.objectContaining({ code: 'policy.secrets-missing' })]);
    const [deployment] = explained.deployments;
    expect(deployment).toMatchObject({
      collection: target.name,
      state: 'compiled',
      told: true,
      start: { state: 'no-secrets', says: expect.stringMatching(/^waits: .* \(policy\.secrets-missing\)$/) },
    });
    const { sequence } = deviceExplanationSchema.parse((await explain(`computer?deployment=${deployment?.name}`)).body);
    expect(sequence?.nodes).toEqual([expect.objectContaining({ name: 'Set', verdict: 'will-run' })]);
    const client = grpcClient('policy', 'ExplainService', policy.grpcAddress, policy.token);
    const reply = await client.call<{ explanation: ProtobufStruct }>('ExplainDevice', { device: 'computer' });
    client.close();
    expect(fromStruct(reply.explanation)).toEqual((await explain('computer')).body);
    expect((await explain('nobody')).status).toBe(404);
    expect((await explain('computer?deployment=other')).body['code']).toBe('explain.not-deployed');
  });

  it('are never sealed to a key that opens for everybody', async () => {
    const device = await policy.device();
    const answer = await device.session(
      await device.assertion({ sealingKey: { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) } }),
    );
    expect([answer.status, answer.body['code']]).toEqual([401, 'session.weak-sealing-key']);
  });
});
