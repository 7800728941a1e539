import { runsStopped } from '@muster/contracts/events/runs-stopped.js';
import type { RunStopAnswer } from '@muster/contracts/kinds/run-stop.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import type { Api } from './api.js';
import { reportRun } from './report-run.js';
import { type Deployment, openWorld, type Run, type World } from './world.js';

describe('a stop of runs', () => {
  let servers: TestServers;
  let world: World;
  let api: Api;
  let one: string;
  let other: string;

  const runs = () => api.list<Run>('runs?limit=500');
  const stop = (body: object, query = '') => api.call<RunStopAnswer>('POST', `runs/-/stop${query}`, body);
  const told = async () =>
    (
      await world.sql.query(`select payload from outbox where subject = $1 order by sequence`, [
        runsStopped.subject({ site: 'S01' }),
      ])
    ).rows.map(({ payload }) => payload as { runs: object[]; deployments: string[]; actor: string });

  async function deploy(name: string): Promise<Deployment> {
    return api.apply('Deployment', 'deployments', name, { sequence: 'tale', collection: 'all', purpose: 'Required' });
  }

  /** A run that goes on, or has ended; answers its name. */
  async function begin(
    deviceUid: string,
    { metadata }: Deployment,
    ends?: 'succeeded',
  ): Promise<{ uid: string; name: string }> {
    const uid = await reportRun(world, { deviceUid, deploymentUid: metadata.uid }, ends);
    const find = async () => (await runs()).find((run) => run.metadata.uid === uid);
    await until(async () => (await find()) !== undefined);
    return { uid, name: (await find())?.metadata.name ?? '' };
  }

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api } = world);
    world.revise('tale', 'a');
    one = await world.enrol('one', uuidv7());
    other = await world.enrol('other', uuidv7());
    await until(async () => (await api.call('GET', 'devices/other')).status === 200);
    await api.apply('Collection', 'collections', 'all', { rules: [{ device: 'one' }, { device: 'other' }] });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  it('tells policy one run, says on the run who wants it, and is audited', async () => {
    const made = await deploy('single');
    const [run, beside] = [await begin(one, made), await begin(other, made)];
    expect(await stop({ run: run.name, reason: 'wrong disk' }, '?dryRun=true')).toMatchObject({
      status: 200,
      body: { count: 1, runs: [run.name] },
    });
    expect(await told()).toEqual([]);
    expect((await stop({ run: run.name, reason: 'wrong disk' })).status).toBe(200);
    expect(await told()).toMatchObject([{ runs: [{ runUid: run.uid, deviceUid: one }], deployments: [] }]);
    const shown = await api.get<Run>(`runs/${run.name}`);
    expect(shown.status.stop).toMatchObject({ askedAt: expect.any(String), reason: 'wrong disk' });
    expect((await api.get<Run>(`runs/${beside.name}`)).status.stop).toBeUndefined();
    const { rows } = await world.sql.query(`select action, name, reason from audit_entry where kind = 'Run'`);
    expect(rows).toEqual([{ action: 'stopped', name: run.name, reason: 'wrong disk' }]);
  });

  it('ends all that goes on on a device, and nothing elsewhere', async () => {
    const [first, second] = [await deploy('device-1'), await deploy('device-2')];
    const going = [await begin(one, first), await begin(one, second)];
    await begin(one, first, 'succeeded');
    await begin(other, first);
    const before = (await told()).length;
    const { body } = await stop({ device: 'one' });
    expect(body.runs).toEqual(expect.arrayContaining(going.map(({ name }) => name)));
    const fact = (await told())[before];
    expect(fact?.runs).toHaveLength(body.count);
    expect(fact?.runs).toEqual(expect.arrayContaining(going.map(({ uid }) => ({ runUid: uid, deviceUid: one }))));
  });

  it('of a deleted deployment names the deployment: also what was not heard of yet is to end', async () => {
    const made = await deploy('gone');
    await begin(one, made);
    expect(await api.refused('POST', 'runs/-/stop', { deployment: 'gone' })).toMatchObject({
      status: 409,
      code: 'deployment.not-deleted',
    });
    await api.call('DELETE', 'deployments/gone');
    const before = (await told()).length;
    expect(await stop({ deployment: 'gone' })).toMatchObject({ status: 200, body: { count: 1 } });
    expect((await told()).slice(before)).toMatchObject([{ runs: [], deployments: [made.metadata.uid] }]);
    const progress = await api.call<object>('GET', 'deployments/gone/progress');
    expect(progress.body).toMatchObject({ hold: 'Runs', deletedAt: expect.any(String) });
  });

  it('shows a deployment that was stopped before it was deleted as stopped', async () => {
    const spec = { sequence: 'tale', collection: 'all', purpose: 'Required', hold: 'Runs' };
    await api.apply('Deployment', 'deployments', 'held', spec);
    await api.call('DELETE', 'deployments/held');
    expect((await api.call<object>('GET', 'deployments/held/progress')).body).toMatchObject({ hold: 'Runs' });
  });

  it('is refused for what has ended, for what is not there, and for more than one thing', async () => {
    const ended = await begin(one, await deploy('ended'), 'succeeded');
    expect(await api.refused('POST', 'runs/-/stop', { run: ended.name })).toMatchObject({
      status: 409,
      code: 'run.ended',
    });
    for (const nothing of [{ run: 'nothing' }, { device: 'nothing' }, { deployment: 'nothing' }])
      expect(await api.refused('POST', 'runs/-/stop', nothing)).toMatchObject({
        status: 404,
        code: 'resource.not-found',
      });
    expect(await api.refused('POST', 'runs/-/stop', { run: 'a', device: 'b' })).toMatchObject({ status: 400 });
  });

  it('is the same over gRPC', async () => {
    const run = await begin(one, await deploy('by-grpc'));
    const client = grpcClient('deployment', 'RunStopService', world.grpcAddress, world.token);
    try {
      expect(await client.call('Stop', { run: run.name })).toMatchObject({ count: 1, runs: [run.name] });
      await expect(client.call('Stop', {})).rejects.toMatchObject({ code: 3 });
    } finally {
      client.close();
    }
  });
});
