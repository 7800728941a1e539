import { randomUUID } from 'node:crypto';
import type { PermitResponse } from '@muster/contracts/agent/permits.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { rolloutChanged } from '@muster/contracts/events/rollout-changed.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { askPermit, explainPermits } from '@muster/contracts/requests/ask-permit.js';
import { readDevice } from '@muster/contracts/requests/read-device.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { collectionNamed, deploymentOf, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call, type TestDevice } from './test-device.js';

const collections = resourceEvents(collectionKind);
const deployments = resourceEvents(deploymentKind);
const ABLE = { 'muster-abilities': 'flying, start-permits' };
const refusal = {
  granted: false,
  code: 'rollout.group-not-open',
  message: 'group pilot is full',
  askAgainSeconds: 900,
};

describe('a deployment with a rollout', () => {
  let servers: TestServers;
  let policy: PolicyUnderTest;
  /** What the deployment service was asked, and what it answers. */
  const asked: unknown[] = [];
  let answer: PermitResponse = refusal;

  beforeAll(async () => {
    servers = await startServers();
    policy = await PolicyUnderTest.start(servers);
    policy.deployment.bus.answer(
      askPermit,
      async (question) => {
        asked.push(question);
        return answer;
      },
      () => undefined,
    );
  });

  afterAll(async () => {
    await policy?.stop();
    await servers?.stop();
  });

  async function deployed(...devices: TestDevice[]) {
    const target = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
    const { uid } = target.metadata;
    await policy.deployment.publish(collections.saved, { resource: target, actor: 'test' });
    const added = devices.map((device) => device.uid);
    await policy.deployment.publish(membersChanged, { collectionUid: uid, added, removed: [] });
    const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, target.metadata.name, policy.know(plain(randomUUID())));
    const rollout = { groups: [{ name: 'pilot', size: 1 }, { name: 'rest' }] };
    const save = (change: object = {}, generation = 1) =>
      policy.deployment.publish(deployments.saved, {
        resource: {
          ...made,
          metadata: { ...made.metadata, generation },
          spec: { ...made.spec, rollout, ...change },
        },
        actor: 'test',
      });
    await save();
    return { ...made.metadata, save };
  }

  it('is told to agents that can ask for permits, and to no others, with how far its rollout is', async () => {
    const device = await policy.device();
    const made = await deployed(device);
    await until(async () => (await device.policy(ABLE)).assignments.length === 1);
    expect((await device.policy(ABLE)).assignments[0]).toMatchObject({ rollout: { change: 0 } });
    expect((await device.policy(ABLE)).assignments[0]).not.toHaveProperty('rollout.groups');
    expect((await device.policy()).assignments).toEqual([]);
    // Each has its own tag, however often they take turns.
    const able = await device.get('/policy', ABLE);
    expect((await device.get('/policy', { ...ABLE, 'if-none-match': able.headers.get('etag')! })).status).toBe(304);
    expect((await device.get('/policy', { 'if-none-match': able.headers.get('etag')! })).status).toBe(200);
    const event = { deploymentUid: made.uid, stage: 'starting', actor: 'system' };
    await policy.deployment.publish(rolloutChanged, { ...event, change: 2 });
    await until(async () => (await device.policy(ABLE)).assignments[0]?.rollout?.change === 2);
    // What is told late changes nothing, and what is compiled anew keeps it.
    await policy.deployment.publish(rolloutChanged, { ...event, change: 1 });
    await made.save({ outsideWindows: true }, 2);
    await until(async () => (await device.policy(ABLE)).assignments[0]?.outsideWindows === true);
    expect((await device.policy(ABLE)).assignments[0]).toMatchObject({ rollout: { change: 2 } });
    // Without its rollout it is for everybody.
    await made.save({ rollout: undefined }, 3);
    await until(async () => (await device.policy()).assignments.length === 1);
    expect((await device.policy()).assignments[0]).not.toHaveProperty('rollout');
  });

  it('gives devices the answer of the deployment service, and asks it only for what they are told to run', async () => {
    const device = await policy.device();
    const stranger = await policy.device();
    const { uid } = await deployed(device);
    await until(async () => (await device.policy(ABLE)).assignments.length === 1);
    const { body } = (await device.policy(ABLE)).assignments[0]!;
    const question = { deploymentUid: uid, body, runId: randomUUID() };
    expect(await device.post('/permits', question)).toMatchObject({ status: 200, body: refusal });
    answer = { granted: true, group: 'pilot', startWithinSeconds: 600 };
    expect((await device.post('/permits', { ...question, newField: 1 })).body).toEqual(answer);
    expect(asked.at(-1)).toEqual({ ...question, deviceUid: device.uid });
    const count = asked.length;
    expect((await stranger.post('/permits', question)).body['code']).toBe('policy.not-told');
    const other = { ...question, body: `sha256:${'0'.repeat(64)}` };
    expect(await device.post('/permits', other)).toMatchObject({ status: 409, body: { code: 'policy.not-told' } });
    expect((await device.post('/permits', { ...question, runId: 'x' })).status).toBe(400);
    expect((await call(policy.base, '/api/v1/agent/permits', { json: question })).status).toBe(401);
    expect(asked).toHaveLength(count);
  });

  it('is explained: what its agent cannot do, or what the device would be answered', async () => {
    const device = await policy.device();
    const { uid, name } = await deployed(device);
    policy.deployment.bus.answer(
      readDevice,
      async () => ({ device: { uid: device.uid, name: 'computer' } }),
      () => undefined,
    );
    policy.deployment.bus.answer(
      explainPermits,
      async ({ deploymentUids }) => ({
        permits: deploymentUids.map((deploymentUid) => ({ deploymentUid, ...refusal, group: 'pilot' })),
      }),
      () => undefined,
    );
    const explain = async () =>
      (await call(policy.base, '/api/v1/device-explanations/computer', { token: policy.token }))
        .body as unknown as DeviceExplanation;
    await until(async () => (await device.policy(ABLE)).assignments.length === 1);
    await until(async () => (await explain()).deployments[0]?.rollout !== undefined);
    expect((await explain()).deployments).toEqual([
      expect.objectContaining({
        uid,
        name,
        told: true,
        rollout: { granted: false, group: 'pilot', code: refusal.code, message: refusal.message },
        start: {
          state: 'waiting',
          says: 'waits for a start permit: group pilot is full',
          fate: { state: 'waiting', reason: 'permit' },
        },
      }),
    ]);
    await device.policy();
    expect((await explain()).deployments).toEqual([
      expect.objectContaining({ name, told: false, code: 'policy.agent-too-old' }),
    ]);
  });
});
