import type { PermitResponse } from '@muster/contracts/agent/permits.js';
import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import type { EventList } from '@muster/contracts/kinds/event.js';
import type { DeploymentRollout } from '@muster/contracts/kinds/deployment-rollout.js';
import type { DeploymentProgress } from '@muster/contracts/kinds/deployment-progress.js';
import type { Problem } from '@muster/contracts/problem.js';
import { askPermit, explainPermits } from '@muster/contracts/requests/ask-permit.js';
import { fromStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import type { Rollout } from '@muster/schedule/rollout/rollout.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { type Deployment, digest, openWorld, type World } from './world.js';

const FLEET = 24;
const two: Rollout = { groups: [{ name: 'pilot', size: 2, successPercent: 100 }, { name: 'rest' }] };

describe('a rollout', () => {
  let servers: TestServers;
  let world: World;
  let { api } = {} as World;
  const devices: string[] = [];
  let made = 0;

  /** A deployment that devices are told of, and what is done with it. */
  async function deploy(rollout: Rollout | undefined, more: object = {}) {
    const name = `deployment-${(made += 1)}`;
    const spec = { sequence: 'tale', collection: 'all', purpose: 'Required', ...more };
    const save = (changed: object = {}) =>
      api.apply<Deployment>('Deployment', 'deployments', name, {
        ...spec,
        ...(rollout ? { rollout } : {}),
        ...changed,
      });
    const { uid } = (await save()).metadata;
    const runs = new Map<number, string>();
    const read = async () => (await api.call<DeploymentRollout>('GET', `deployments/${name}/rollout`)).body;
    const tellBody = async (letter: string) =>
      world.policy.publish(deploymentJudged, {
        deploymentUid: uid,
        policy: { state: 'compiled' },
        body: digest(letter) as `sha256:${string}`,
      });
    const ask = async (device: number, { body = 'b', runId = uuidv7() } = {}): Promise<PermitResponse> => {
      const deviceUid = devices[device]!;
      const question = { deviceUid, deploymentUid: uid, body: digest(body) as `sha256:${string}`, runId };
      const answer = await world.policy.bus.request(askPermit, question);
      if (answer.granted) runs.set(device, runId);
      return answer;
    };
    const end = async (device: number, result: 'succeeded' | 'failed' | 'running', code?: string) => {
      const runId = runs.get(device)!;
      const at = new Date().toISOString();
      await world.policy.publish(runReported, {
        runId,
        deviceUid: devices[device]!,
        deploymentUid: uid,
        reports: [
          { runId, number: 1, at, event: 'run-started', total: 1 },
          ...(result === 'running'
            ? []
            : [
                {
                  runId,
                  number: 2,
                  at,
                  event: 'run-finished' as const,
                  result,
                  exitCode: 0,
                  ...(code ? { code } : {}),
                },
              ]),
        ],
      });
    };
    const act = (action: object) =>
      api.call<DeploymentRollout & Problem>('POST', `deployments/${name}/rollout`, action);
    const group = async (index: number) => (await read()).groups[index]!;
    return { name, uid, runs, save, read, tellBody, ask, end, act, group };
  }

  async function begun(rollout: Rollout, more: object = {}) {
    const made = await deploy(rollout, more);
    await made.tellBody('b');
    await until(async () => (await made.read()).stage !== 'not-begun');
    return made;
  }

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers, { MUSTER_ROLLOUT_GRACE_SECONDS: '0' });
    ({ api } = world);
    world.revise('tale', 'a');
    for (let index = 0; index < FLEET; index += 1) devices.push(await world.enrol(`device-${index}`));
    await until(async () => (await world.devices()).length === FLEET);
    await api.apply('Collection', 'collections', 'all', { rules: [{ query: 'hostname.startsWith("device-")' }] });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  it('begins when devices are told of the deployment, and holds a group until the one before is good', async () => {
    const one = await deploy(two);
    expect(await one.read()).toMatchObject({ stage: 'not-begun', open: 0 });
    expect(await one.ask(0)).toMatchObject({ granted: false, code: 'rollout.not-begun' });
    await one.tellBody('b');
    await until(async () => (await one.read()).stage === 'starting');
    expect(await one.ask(0)).toMatchObject({ granted: true, group: 'pilot' });
    expect(await one.ask(1)).toMatchObject({ granted: true, group: 'pilot' });
    expect(await one.ask(2)).toMatchObject({
      granted: false,
      code: 'rollout.group-not-open',
      message: 'group pilot: 2 of 2 started, 0 of 2 needed have succeeded; group rest opens when it is good',
    });
    await one.end(0, 'succeeded');
    await until(async () => (await one.group(0)).succeeded === 1);
    expect(await one.ask(2)).toMatchObject({ granted: false });
    const before = await changeOf(one.uid);
    await one.end(1, 'succeeded');
    await until(async () => (await one.group(0)).state === 'good');
    expect(await one.group(1)).toMatchObject({ state: 'open', devices: 22, needed: 21, errorsAllowed: 1 });
    // Devices that were refused hear of it.
    expect(await changeOf(one.uid)).toBe(before + 1);
    expect(await one.ask(2)).toMatchObject({ granted: true, group: 'rest' });
    const progress = (await api.call<DeploymentProgress>('GET', `deployments/${one.name}/progress`)).body;
    expect(progress.rollout).toEqual(await one.read());
  });

  it('has one row, and permits of those that asked only', async () => {
    const one = await begun(two);
    await one.ask(0);
    const rows = (table: string) =>
      world.sql.query(`select count(*)::int as count from ${table} where deployment_uid = '${one.uid}'`);
    expect((await rows('rollout')).rows).toEqual([{ count: 1 }]);
    expect((await rows('start_permit')).rows).toEqual([{ count: 1 }]);
  });

  it('never gives more permits than places, nor more at once than it may, however many ask in one moment', async () => {
    const capped = await begun({ groups: [{ name: 'all' }], atMostStarted: 7 });
    const answers = await Promise.all(devices.map((_uid, index) => capped.ask(index)));
    expect(answers.filter(({ granted }) => granted)).toHaveLength(7);
    expect(answers.find(({ granted }) => !granted)).toMatchObject({
      code: 'rollout.enough-started',
      message: '7 devices have started and not ended yet; at most 7 may (atMostStarted)',
      askAgainSeconds: 10,
    });
    const [first = 0] = capped.runs.keys();
    await capped.end(first, 'succeeded');
    await until(async () => (await capped.read()).open === 6);
    const again = await Promise.all(devices.map((_uid, index) => capped.ask(index)));
    // The seven ask for their own again, one more gets the place that is free.
    expect((await capped.read()).open).toBe(7);
    expect(again.filter(({ granted }) => granted).length).toBeGreaterThanOrEqual(7);

    const sized = await begun({ groups: [{ name: 'few', size: 5 }, { name: 'rest' }] });
    const few = await Promise.all(devices.map((_uid, index) => sized.ask(index)));
    expect(few.filter(({ granted }) => granted)).toHaveLength(5);
  });

  it('gives a permit once however often it is asked for, also with another run where the first one was lost', async () => {
    const one = await begun(two);
    const runId = uuidv7();
    const answers = await Promise.all([1, 2, 3].map(() => one.ask(0, { runId })));
    expect(answers.map(({ granted }) => granted)).toEqual([true, true, true]);
    expect(await one.ask(0)).toMatchObject({ granted: true });
    expect(await one.group(0)).toMatchObject({ open: 1 });
    await one.end(0, 'succeeded');
    await until(async () => (await one.group(0)).succeeded === 1);
    // It runs again: in its own place.
    expect(await one.ask(0)).toMatchObject({ granted: true, group: 'pilot' });
    expect(await one.group(0)).toMatchObject({ open: 1, succeeded: 0 });
  });

  it('pauses itself on too many errors, says so, and goes on when somebody takes them', async () => {
    const one = await begun(two);
    await one.ask(0);
    await one.ask(1);
    await one.end(0, 'failed');
    await until(async () => (await one.read()).stage === 'paused');
    expect(await one.read()).toMatchObject({
      code: 'rollout.too-many-errors',
      says: 'paused: in group pilot 1 failed, and at most 0 may',
    });
    expect(await one.ask(0)).toMatchObject({ granted: false, code: 'rollout.is-paused' });
    expect(await one.ask(3)).toMatchObject({ granted: false, code: 'rollout.is-paused' });
    await until(async () => (await eventsOf(one.name)).includes('rollout.paused'));
    // What has started may end, and does not take the pause back.
    await one.end(1, 'succeeded');
    await until(async () => (await one.group(0)).succeeded === 1);
    expect((await one.read()).stage).toBe('paused');
    const resumed = await one.act({ action: 'resume', reason: 'a broken disk' });
    expect(resumed.body).toMatchObject({
      stage: 'starting',
      lastAction: { action: 'resume', reason: 'a broken disk', actor: expect.any(String) as string },
    });
    expect(await one.ask(3)).toMatchObject({ granted: true, group: 'rest' });
    expect((await one.act({ action: 'resume' })).body).toMatchObject({ status: 409, code: 'rollout.not-paused' });
  });

  it('counts a run that is stopped as an error, and gives no permit while the deployment is held', async () => {
    const one = await begun(two);
    await one.ask(0);
    await one.save({ hold: 'Runs' });
    expect(await one.ask(1)).toMatchObject({ granted: false, code: 'rollout.held' });
    expect((await one.read()).says).toContain('the deployment is held: nobody starts it');
    await one.end(0, 'failed', 'run.stopped');
    await until(async () => (await one.read()).stage === 'paused');
    await one.save();
    expect(await one.ask(1)).toMatchObject({ granted: false, code: 'rollout.is-paused' });
  });

  it('counts a device that had a permit and is not heard of in time as an error, until it is heard of', async () => {
    const one = await begun({ groups: [{ name: 'pilot', size: 4, successPercent: 50 }, { name: 'rest' }] });
    await one.ask(0);
    await one.ask(1);
    await one.end(1, 'running');
    await until(async () => (await soonestExpiry(one.uid, devices[1]!)) > 20 * 3600);
    expect(await soonestExpiry(one.uid, devices[0]!)).toBeLessThanOrEqual(3600);
    await world.sql.query(`update start_permit set expires_at = now() where deployment_uid = '${one.uid}'`);
    await until(async () => (await one.group(0)).silent === 2);
    expect(await one.group(0)).toMatchObject({ open: 0 });
    expect((await one.read()).stage).toBe('starting');
    await one.end(1, 'succeeded');
    await until(async () => (await one.group(0)).succeeded === 1);
    expect(await one.group(0)).toMatchObject({ silent: 1, open: 0 });
    // It still has its place.
    expect(await one.ask(0)).toMatchObject({ granted: true, group: 'pilot' });
  });

  it('begins anew when devices run something else, and counts no run of what was before', async () => {
    const one = await begun(two);
    for (const device of [0, 1]) await one.ask(device);
    await one.end(0, 'succeeded');
    await until(async () => (await one.group(0)).succeeded === 1);
    await one.tellBody('c');
    await until(async () => (await one.read()).body === digest('c'));
    expect(await one.read()).toMatchObject({ attempt: 2, open: 0, stage: 'starting' });
    expect(await one.ask(2)).toMatchObject({ granted: false, code: 'rollout.other-body' });
    await one.end(1, 'failed');
    await until(async () => {
      const ended = await world.sql.query(
        `select 1 from run where deployment_uid = '${one.uid}' and end_result = 'failed'`,
      );
      return ended.rows.length === 1;
    });
    expect(await one.group(0)).toMatchObject({ open: 0, failed: 0, succeeded: 0 });
    expect(await one.ask(1, { body: 'c' })).toMatchObject({ granted: true, group: 'pilot' });
  });

  it('waits for approval, which is for one group and can be forced', async () => {
    const groups = [
      { name: 'pilot', size: 1 },
      { name: 'wide', percent: 50, approval: true },
      { name: 'rest', approval: true },
    ];
    const one = await begun({ groups });
    await one.ask(0);
    await one.end(0, 'succeeded');
    await until(async () => (await one.read()).stage === 'waiting');
    expect(await one.read()).toMatchObject({ says: 'group wide waits for approval' });
    expect((await one.act({ action: 'approve', group: 'rest' })).body).toMatchObject({
      status: 409,
      code: 'rollout.other-group',
    });
    expect((await one.act({ action: 'approve', group: 'wide' })).body).toMatchObject({ stage: 'starting' });
    expect(await one.group(1)).toMatchObject({ state: 'open', devices: 12, approval: 'approved' });
    expect((await one.act({ action: 'approve', group: 'wide' })).status).toBe(409);
    expect((await one.act({ action: 'approve', group: 'rest', force: true })).status).toBe(200);
    expect(await one.group(2)).toMatchObject({ state: 'open', approval: 'forced' });
    expect((await one.act({ action: 'approve' })).body).toMatchObject({ code: 'rollout.nothing-to-approve' });
    expect((await one.act({ action: 'pause', reason: 'the mirror is down' })).status).toBe(200);
    const { rows } = await world.sql.query(
      `select action, kind, reason, details from audit_entry where uid = '${one.uid}' and action like 'rollout-%' order by id`,
    );
    // Who opened which group is in the audit record, and nothing of what was refused.
    expect(rows).toEqual([
      { action: 'rollout-approved', kind: 'Deployment', reason: null, details: { group: 'wide' } },
      { action: 'rollout-approved', kind: 'Deployment', reason: null, details: { group: 'rest', force: true } },
      { action: 'rollout-paused', kind: 'Deployment', reason: 'the mirror is down', details: null },
    ]);
  });

  it('opens the next group by itself when its time has come', async () => {
    const one = await begun({ groups: [{ name: 'pilot', size: 1, waitMinutes: 1 }, { name: 'rest' }] });
    await one.ask(0);
    await one.end(0, 'succeeded');
    await until(async () => (await one.read()).stage === 'waiting');
    await world.sql.query(
      `update rollout set due_at = now(), progress = jsonb_set(progress, '{groups,0,goodAt}', to_jsonb(0))
       where deployment_uid = '${one.uid}'`,
    );
    await until(async () => (await one.group(1)).state === 'open');
  });

  it('stays paused when devices are told of the deployment only after somebody paused it', async () => {
    const one = await deploy(two);
    expect((await one.act({ action: 'pause', reason: 'too early' })).status).toBe(200);
    await one.tellBody('b');
    const codeOf = (answer: PermitResponse) => (answer.granted ? 'granted' : answer.code);
    await until(async () => codeOf(await one.ask(0)) !== 'rollout.not-begun');
    expect(codeOf(await one.ask(0))).toBe('rollout.is-paused');
    expect(await one.read()).toMatchObject({ stage: 'paused', open: 0 });
    expect((await one.act({ action: 'resume' })).status).toBe(200);
    expect(codeOf(await one.ask(0))).toBe('granted');
  });

  it('stays paused by hand when devices are to run something else, or in other groups, until a person says otherwise', async () => {
    const one = await begun(two);
    await one.ask(0);
    await one.act({ action: 'pause', reason: 'change freeze' });
    await one.tellBody('c');
    await until(async () => (await one.read()).attempt === 2);
    expect(await one.read()).toMatchObject({ stage: 'paused', says: 'paused: change freeze', open: 0 });
    expect(await one.ask(0, { body: 'c' })).toMatchObject({ granted: false, code: 'rollout.is-paused' });
    await one.save({ rollout: { groups: [{ name: 'first', size: 3 }, { name: 'rest' }] } });
    expect(await one.read()).toMatchObject({ stage: 'paused', attempt: 3 });
    expect(await one.ask(0, { body: 'c' })).toMatchObject({ granted: false, code: 'rollout.is-paused' });
    expect((await one.act({ action: 'resume' })).body).toMatchObject({ stage: 'starting' });
    expect(await one.ask(0, { body: 'c' })).toMatchObject({ granted: true, group: 'first' });
  });

  it('goes on with something else after errors paused it, unless somebody paused it as well', async () => {
    const [one, held] = [await begun(two), await begun(two)];
    for (const rollout of [one, held]) {
      await rollout.ask(0);
      await rollout.end(0, 'failed');
      await until(async () => (await rollout.read()).stage === 'paused');
    }
    expect((await held.act({ action: 'pause', reason: 'until we know' })).body.code).toBe('rollout.paused-by-hand');
    for (const rollout of [one, held]) await rollout.tellBody('c');
    await until(async () => (await one.read()).stage === 'starting');
    await until(async () => (await held.read()).attempt === 2);
    expect(await held.read()).toMatchObject({ stage: 'paused', code: 'rollout.paused-by-hand' });
  });

  it('can be paused and begun anew; devices that are at it are the first of it then', async () => {
    const one = await begun(two);
    await one.ask(0);
    expect((await one.act({ action: 'pause' })).body).toMatchObject({
      stage: 'paused',
      code: 'rollout.paused-by-hand',
    });
    expect((await one.act({ action: 'restart' })).body).toMatchObject({ stage: 'starting', attempt: 2, open: 1 });
    expect(await one.ask(1)).toMatchObject({ granted: true });
    expect(await one.ask(2)).toMatchObject({ granted: false });
    for (const device of [0, 1]) await one.end(device, 'succeeded');
    await until(async () => (await one.group(0)).state === 'good');
  });

  it('takes other limits at once, begins anew with other groups, and ends when it is taken out', async () => {
    const one = await begun(two);
    for (const device of [0, 1]) await one.ask(device);
    await one.end(0, 'succeeded');
    await until(async () => (await one.group(0)).succeeded === 1);
    const [pilot, rest] = two.groups;
    expect(await one.ask(2)).toMatchObject({ granted: false, code: 'rollout.group-not-open' });
    await one.save({ rollout: { groups: [{ ...pilot, size: 3 }, rest] } });
    expect(await one.ask(2)).toMatchObject({ granted: true, group: 'pilot' });
    expect(await one.ask(3)).toMatchObject({ granted: false });
    await one.save({ rollout: { groups: [{ ...pilot, size: 3, successPercent: 30 }, rest] } });
    expect(await one.group(0)).toMatchObject({ state: 'good', devices: 3 });
    await one.save({ rollout: { groups: [{ name: 'first', size: 3 }, rest] } });
    expect(await one.read()).toMatchObject({ attempt: 2, open: 2, stage: 'starting' });
    await one.save({ rollout: undefined });
    expect(await api.refused('GET', `deployments/${one.name}/rollout`)).toMatchObject({ code: 'rollout.none' });
    expect(await one.ask(5)).toMatchObject({ granted: false, code: 'rollout.none' });
    expect(await api.refused('GET', 'deployments/nothing/rollout')).toMatchObject({ code: 'resource.not-found' });
  });

  it('says what a device would be answered, and changes nothing by it', async () => {
    const one = await begun(two);
    const plain = await deploy(undefined);
    await one.ask(0);
    const explain = async (device: number) =>
      world.policy.bus.request(explainPermits, {
        deviceUid: devices[device]!,
        deploymentUids: [one.uid, plain.uid],
      });
    expect(await explain(1)).toEqual({ permits: [{ deploymentUid: one.uid, granted: true, group: 'pilot' }] });
    await one.ask(1);
    const { permits } = await explain(2);
    expect(permits).toEqual([expect.objectContaining({ granted: false, code: (await one.ask(2)).code })]);
    expect((await explain(0)).permits).toMatchObject([{ granted: true, group: 'pilot' }]);
    expect(await one.read()).toMatchObject({ open: 2 });
  });

  it('is the same document by gRPC, and is acted on there too', async () => {
    const one = await begun(two);
    const client = grpcClient('deployment', 'RolloutService', world.grpcAddress, world.token);
    const got = await client.call<{ rollout: ProtobufStruct }>('Get', { deployment: one.name });
    expect(fromStruct(got.rollout)).toEqual(await one.read());
    await client.call('Act', { deployment: one.name, action: 'pause', reason: 'by the other door' });
    expect(await one.read()).toMatchObject({ stage: 'paused', says: 'paused: by the other door' });
    await expect(client.call('Act', { deployment: one.name, action: 'dance' })).rejects.toThrow();
    client.close();
  });

  it('that contradicts itself is refused with the place of each mistake', async () => {
    const spec = {
      sequence: 'tale',
      collection: 'all',
      purpose: 'Required',
      rollout: { groups: [{ name: 'a' }, { name: 'a', size: 1, percent: 1 }], atMostStarted: 0 },
    };
    const answer = await api.call<Problem>('PUT', 'deployments/wrong', {
      apiVersion: 'muster/v1',
      kind: 'Deployment',
      metadata: { name: 'wrong' },
      spec,
    });
    expect(answer.status).toBe(400);
    expect(answer.body.findings?.map(({ path }) => path)).toContain('/spec/rollout/atMostStarted');
    const fixed = { ...spec, rollout: { groups: spec.rollout.groups } };
    const better = await api.refused('PUT', 'deployments/wrong', {
      apiVersion: 'muster/v1',
      kind: 'Deployment',
      metadata: { name: 'wrong' },
      spec: fixed,
    });
    expect(better.findings).toMatchObject([
      { path: '/spec/rollout/groups/0/size', code: 'deployment.rollout-invalid' },
      { path: '/spec/rollout/groups/1/name', code: 'deployment.rollout-invalid' },
      { path: '/spec/rollout/groups/1/percent', code: 'deployment.rollout-invalid' },
    ]);
  });

  /** What is told of a deployment, the newest first. */
  async function eventsOf(name: string): Promise<string[]> {
    const { body } = await api.call<EventList>('GET', `events?deployment=${name}`);
    return body.items.map(({ type }) => type);
  }

  async function changeOf(uid: string): Promise<number> {
    const { rows } = await world.sql.query<{ change: string }>(
      `select max((payload ->> 'change')::int) as change from outbox
       where subject like '%rollout-changed%' and payload ->> 'deploymentUid' = '${uid}'`,
    );
    return Number(rows[0]!.change);
  }

  async function soonestExpiry(uid: string, deviceUid: string): Promise<number> {
    const { rows } = await world.sql.query<{ seconds: number }>(
      `select extract(epoch from expires_at - now())::float8 as seconds from start_permit
       where deployment_uid = '${uid}' and device_uid = '${deviceUid}'`,
    );
    return rows[0]!.seconds;
  }
});
