import { fatesTold } from '@muster/contracts/events/fates-told.js';
import type { ToldFate } from '@muster/contracts/agent/fates.js';
import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import type { DeploymentDeviceList, DeploymentProgress } from '@muster/contracts/kinds/deployment-progress.js';
import type { DeviceHistory } from '@muster/contracts/kinds/device-history.js';
import { readDevice } from '@muster/contracts/requests/read-device.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { reportRun } from './report-run.js';
import { type Deployment, openWorld, type World } from './world.js';

describe('what devices told of a deployment', () => {
  let servers: TestServers;
  let world: World;
  let { api } = {} as World;
  let target: Deployment;
  let number = 0;
  const uids = new Map<string, string>();
  const names = ['early', 'late', 'mac', 'never', 'once', 'quiet'];
  const past = '2020-01-01T00:00:00Z';
  const opens = '2099-01-01T00:00:00.000Z';
  const waiting: NonNullable<ToldFate['delivery']> = {
    state: 'waiting',
    reason: 'window',
    at: past,
    until: opens,
    says: 'waits for a maintenance window',
  };

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api } = world);
    world.revise('tale', 'a');
    for (const name of names) uids.set(name, await world.enrol(name));
    await until(async () => (await world.devices()).length === names.length);
    await api.apply('Collection', 'collections', 'all', { rules: names.map((device) => ({ device })) });
    const spec = { sequence: 'tale', collection: 'all', purpose: 'Required' };
    target = await api.apply<Deployment>('Deployment', 'deployments', 'rollout', spec);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const progress = async () => (await api.call<DeploymentProgress>('GET', 'deployments/rollout/progress')).body;
  const status = async () => (await api.call<Deployment>('GET', 'deployments/rollout')).body.status.devices;
  const devices = async (query = '') =>
    (await api.call<DeploymentDeviceList>('GET', `deployments/rollout/devices${query}`)).body.items;
  const deviceNamed = async (name: string) => (await devices()).find(({ device }) => device === name);

  async function tell(...fates: [name: string, state: string, more?: Partial<ToldFate>][]): Promise<void> {
    await world.policy.publish(fatesTold, {
      fates: fates.map(([name, state, more = {}]) => ({
        deviceUid: uids.get(name) ?? '',
        deploymentUid: target.metadata.uid,
        number: (number += 1),
        acceptance: { state: state as 'accepted', at: past },
        ...more,
      })),
    });
    await until(() => world.applied());
  }

  it('is nothing at first: all wait, and nobody knows for what', async () => {
    expect(await progress()).toMatchObject({ devices: { targeted: 6, waiting: 6 }, fates: [] });
    expect((await deviceNamed('quiet'))?.fate).toBeUndefined();
  });

  it('is shown with its reason, since when and until when, and counted by state', async () => {
    await tell(
      ['early', 'accepted', { delivery: waiting }],
      ['late', 'accepted', { delivery: { state: 'downloading', at: past } }],
      ['mac', 'rejected', { acceptance: { state: 'rejected', at: past, says: 'it is for debian' } }],
      ['never', 'expired', { delivery: waiting }],
      ['once', 'accepted', { delivery: { state: 'not-rerun', at: past } }],
    );
    expect(await deviceNamed('early')).toMatchObject({
      state: 'waiting',
      fate: {
        acceptance: { state: 'accepted', at: '2020-01-01T00:00:00.000Z' },
        delivery: { ...waiting, at: '2020-01-01T00:00:00.000Z' },
      },
    });
    expect((await devices()).map(({ device, state }) => [device, state])).toEqual([
      ['early', 'waiting'],
      ['late', 'downloading'],
      ['mac', 'rejected'],
      ['never', 'expired'],
      ['once', 'not-rerun'],
      ['quiet', 'waiting'],
    ]);
    const { devices: counts, fates } = await progress();
    expect(counts).toMatchObject({
      targeted: 6,
      waiting: 2,
      downloading: 1,
      rejected: 1,
      expired: 1,
      notRerun: 1,
      running: 0,
    });
    expect(fates).toContainEqual({ state: 'waiting', reason: 'window', devices: 1 });
    expect(fates).toContainEqual({ state: 'expired', devices: 1 });
    expect((await devices('?state=not-rerun')).map(({ device }) => device)).toEqual(['once']);
  });

  it('takes what will not begin off those that wait wherever deployments are listed', async () => {
    expect(await status()).toEqual({
      targeted: 6,
      waiting: 3,
      rejected: 1,
      expired: 1,
      notRerun: 1,
      running: 0,
      silent: 0,
      succeeded: 0,
      failed: 0,
    });
  });

  it('is in the status of the deployment', async () => {
    const { fates } = (await api.call<Deployment>('GET', 'deployments/rollout')).body.status;
    expect(fates).toEqual([
      { state: 'downloading', devices: 1 },
      { state: 'expired', devices: 1 },
      { state: 'not-rerun', devices: 1 },
      { state: 'rejected', devices: 1 },
      { state: 'waiting', reason: 'window', devices: 1 },
    ]);
  });

  it('is kept of how far it was beside whether it takes part', async () => {
    expect((await deviceNamed('never'))?.fate).toMatchObject({
      acceptance: { state: 'expired' },
      delivery: { state: 'waiting', reason: 'window' },
    });
  });

  it('never goes back, however late or often something comes', async () => {
    const content = { state: 'waiting' as const, reason: 'content', at: past };
    await tell(['early', 'accepted', { number: 1000, delivery: content }]);
    await tell(['early', 'expired', { number: 999 }], ['early', 'accepted', { number: 1000, delivery: waiting }]);
    expect((await deviceNamed('early'))?.fate).toMatchObject({ delivery: { reason: 'content' } });
    await tell(
      ['early', 'accepted', { number: 1003, delivery: waiting }],
      ['early', 'accepted', { number: 1002, delivery: content }],
    );
    expect((await deviceNamed('early'))?.fate).toMatchObject({ delivery: { reason: 'window' } });
  });

  it('does not spoil what others tell, however wrong the clock of its device is', async () => {
    await tell(
      [
        'late',
        'accepted',
        { acceptance: { state: 'accepted', at: '0000-01-01T00:00:00Z' }, delivery: { state: 'downloading', at: past } },
      ],
      ['once', 'accepted', { delivery: { state: 'not-rerun', at: '2020-01-01T00:00:00+16:00', says: 'heard' } }],
    );
    expect((await deviceNamed('once'))?.fate).toMatchObject({ delivery: { says: 'heard' } });
    expect((await deviceNamed('late'))?.fate).toMatchObject({ acceptance: { at: '1970-01-01T00:00:00.000Z' } });
  });

  it('is over when a run begins, and what is told behind that run stands beside it', async () => {
    await reportRun(world, { deviceUid: uids.get('early') ?? '', deploymentUid: target.metadata.uid }, 'succeeded');
    await until(() => world.applied());
    const ran = await deviceNamed('early');
    expect(ran?.state).toBe('succeeded');
    expect(ran).not.toHaveProperty('fate');
    await tell(['early', 'accepted', { number: 1004, delivery: waiting }]);
    expect(await deviceNamed('early')).not.toHaveProperty('fate');
    const again = { ...waiting, at: new Date(Date.now() + 60_000).toISOString() };
    await tell(['early', 'accepted', { number: 1005, delivery: again }]);
    expect(await deviceNamed('early')).toMatchObject({ state: 'succeeded', fate: { delivery: { reason: 'window' } } });
    expect((await progress()).devices).toMatchObject({ targeted: 6, succeeded: 1, waiting: 1 });
  });

  it('takes back that it was rejected when a run begins after all', async () => {
    await reportRun(world, { deviceUid: uids.get('mac') ?? '', deploymentUid: target.metadata.uid }, undefined);
    await until(() => world.applied());
    expect(await deviceNamed('mac')).toMatchObject({ state: 'running' });
    expect(await status()).toMatchObject({ expired: 1, running: 1, waiting: 2 });
    expect(await status()).not.toHaveProperty('rejected');
  });

  it('is tallied as it changes, so that nobody counts a fleet', async () => {
    const { rows } = await world.sql.query(
      `select state, reason, devices::int from fate_tally where devices > 0 order by state, reason`,
    );
    const { rows: counted } = await world.sql.query(
      `select state, case when state = delivery then coalesce(reason, '') else '' end as reason, count(*)::int as devices
       from device_fate group by 1, 2 order by 1, 2`,
    );
    expect(rows).toEqual(counted);
    expect(rows.length).toBeGreaterThan(3);
  });

  it('is in the history of the device, and over gRPC', async () => {
    const { items } = (await api.call<DeviceHistory>('GET', 'devices/never/history')).body;
    expect(items).toContainEqual(
      expect.objectContaining({ what: 'deployment.expired', deployment: 'rollout', taskSequence: 'tale' }),
    );
    const client = grpcClient('deployment', 'MonitoringService', world.grpcAddress, world.token);
    try {
      const answer = await client.call<DeploymentDeviceList>('ListDevices', {
        name: 'rollout',
        state: 'downloading',
      });
      expect(answer.items).toMatchObject([{ device: 'late', fate: { delivery: { state: 'downloading' } } }]);
    } finally {
      client.close();
    }
  });

  it('is told to policy where people put a start off, as long as it is so', async () => {
    const snoozes = async () => (await world.policy.bus.request(readDevice, { name: 'late' })).device?.snoozes;
    expect(await snoozes()).toEqual([]);
    await tell(['late', 'accepted', { delivery: { ...waiting, reason: 'snoozed' } }]);
    expect(await snoozes()).toEqual([{ deploymentUid: target.metadata.uid, until: opens }]);
    await tell(['late', 'accepted', { delivery: { state: 'downloading', at: past } }]);
    expect(await snoozes()).toEqual([]);
  });

  it('is told to policy as it is, until a run tells more', async () => {
    const known = async (name: string) => (await world.policy.bus.request(readDevice, { name })).device?.fates;
    await tell(['late', 'accepted', { delivery: { ...waiting, reason: 'people' } }]);
    expect(await known('late')).toEqual([
      {
        deploymentUid: target.metadata.uid,
        state: 'waiting',
        reason: 'people',
        at: new Date(past).toISOString(),
        until: opens,
        says: waiting.says,
      },
    ]);
    await tell(['late', 'rejected', { acceptance: { state: 'rejected', at: past, says: 'it is for debian' } }]);
    expect(await known('late')).toEqual([
      {
        deploymentUid: target.metadata.uid,
        state: 'rejected',
        at: new Date(past).toISOString(),
        says: 'it is for debian',
      },
    ]);
    await tell(['late', 'accepted', {}]);
    expect(await known('late')).toEqual([]);
    await tell(['late', 'accepted', { delivery: { state: 'downloading', at: past } }]);
    expect((await known('late'))?.map(({ state }) => state)).toEqual(['downloading']);
  });

  it('stays when the device leaves the collection, which does not count any more then', async () => {
    const rules = names.filter((name) => name !== 'never').map((device) => ({ device }));
    await api.apply('Collection', 'collections', 'all', { rules });
    await until(async () => (await status()).targeted === 5);
    expect(await status()).not.toHaveProperty('expired');
    expect(await deviceNamed('never')).toMatchObject({
      member: false,
      state: 'expired',
      fate: { delivery: { reason: 'window' } },
    });
  });

  it('is expired for everybody once policy tells nobody of it any more', async () => {
    const policy = { state: 'withdrawn' as const, code: 'policy.expired', message: 'expired' };
    await world.policy.publish(deploymentJudged, { deploymentUid: target.metadata.uid, policy });
    await until(async () => (await status()).waiting === 0);
    expect(await status()).toMatchObject({ targeted: 5, expired: 2, notRerun: 1, running: 1, succeeded: 1 });
    expect((await progress()).devices).toMatchObject({ targeted: 5, waiting: 0, downloading: 0, expired: 2 });
    expect(await deviceNamed('quiet')).toMatchObject({ state: 'expired' });
  });

  it('is gone with its device, and with its deployment', async () => {
    await api.call('DELETE', 'devices/once');
    const left = async (): Promise<number> => (await world.sql.query('select 1 from device_fate')).rowCount ?? 0;
    await until(async () => (await left()) === 4);
    expect((await api.call('DELETE', 'deployments/rollout')).status).toBeLessThan(300);
    expect(await left()).toBe(0);
    await tell(['early', 'accepted', { delivery: waiting }]);
    expect(await left()).toBe(0);
    expect((await world.sql.query('select 1 from fate_tally where devices > 0')).rowCount).toBe(0);
  });
});
