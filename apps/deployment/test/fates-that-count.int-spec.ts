import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import type { Resource } from '@muster/contracts/resource.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { reportRun } from './report-run.js';
import { type Deployment, openWorld, type World } from './world.js';

describe('what counts of what devices told', () => {
  let servers: TestServers;
  let world: World;
  let { api } = {} as World;
  let target: Deployment;
  let number = 0;
  const uids = new Map<string, string>();
  const names = ['stays', 'leaves', 'blocked', 'deleted', 'chain'];

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api } = world);
    world.revise('tale', 'a');
    for (const name of names) uids.set(name, await world.enrol(name));
    await until(async () => (await world.devices()).length === names.length);
    await collect(names);
    await api.apply('Collection', 'collections', 'targets', { rules: [{ include: 'named' }] });
    target = await api.apply<Deployment>('Deployment', 'deployments', 'rollout', {
      sequence: 'tale',
      collection: 'targets',
      purpose: 'Required',
      alerts: { waitingForContentAbovePercent: 0, silentAbovePercent: 0 },
    });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const collect = (devices: readonly string[]) =>
    api.apply('Collection', 'collections', 'named', { rules: devices.map((device) => ({ device })) });
  const stateOf = async (name: string) =>
    (await api.call<Resource<AlertSpec, AlertStatus>>('GET', `alerts/${name}`)).body.status.state;

  async function tell(reason: string, ...devices: string[]): Promise<void> {
    await world.policy.publish(fatesTold, {
      fates: devices.map((name) => ({
        deviceUid: uids.get(name) ?? '',
        deploymentUid: target.metadata.uid,
        number: (number += 1),
        acceptance: { state: 'accepted' as const, at: '2026-11-27T00:00:00Z' },
        delivery: { state: 'waiting' as const, reason, at: '2026-11-27T00:00:00Z' },
      })),
    });
    await until(() => world.applied());
  }

  /** What alerts and sites above read, which must be what is counted. */
  async function counted(): Promise<Record<string, number>> {
    const { fates = [] } = (await api.get<Deployment>('deployments/rollout')).status;
    const { rows } = await world.sql.query<{ reason: string; devices: number }>(
      `select fate.reason, count(*)::int as devices from device_fate as fate
       join deployment on deployment.uid = deployment_uid join collection on collection.name = deployment.collection
       join collection_member as member on collection_uid = collection.uid and member.device_uid = fate.device_uid
       join device on device.uid = fate.device_uid
       where fate.state = 'waiting' and device.state not in ('blocked', 'cloned', 'obsolete') group by 1`,
    );
    const kept = Object.fromEntries(fates.map(({ reason = '', devices }) => [reason, devices]));
    expect(kept).toEqual(Object.fromEntries(rows.map(({ reason, devices }) => [reason, devices])));
    return kept;
  }

  it('is what members told, and an alert goes when the last one of them has left', async () => {
    await tell('content', 'leaves');
    await tell('window', 'stays', 'blocked', 'deleted', 'chain');
    expect(await counted()).toEqual({ content: 1, window: 4 });
    await until(async () => (await stateOf('rollout-content')) === 'active');
    await collect(names.filter((name) => name !== 'leaves'));
    expect(await counted()).toEqual({ window: 4 });
    await until(async () => (await stateOf('rollout-content')) === 'resolved');
  });

  it('is not what somebody tells who has left, until it is back', async () => {
    await tell('permit', 'leaves');
    expect(await counted()).toEqual({ window: 4 });
    await collect(names);
    expect(await counted()).toEqual({ permit: 1, window: 4 });
  });

  it('is nothing of a blocked device for as long as it is blocked', async () => {
    await tell('content', 'blocked');
    await until(async () => (await stateOf('rollout-content')) === 'active');
    await api.call('POST', 'devices/blocked/block', { reason: 'stolen' });
    expect(await counted()).toEqual({ permit: 1, window: 3 });
    await until(async () => (await stateOf('rollout-content')) === 'resolved');
    await tell('network', 'blocked');
    expect(await counted()).toEqual({ permit: 1, window: 3 });
    await api.call('POST', 'devices/blocked/unblock', {});
    expect(await counted()).toEqual({ network: 1, permit: 1, window: 3 });
  });

  it('is nothing of a device that is deleted', async () => {
    await api.call('DELETE', 'devices/deleted');
    expect(await counted()).toEqual({ network: 1, permit: 1, window: 2 });
  });

  it('of silent runs is those of members that may go on', async () => {
    const chain = { deviceUid: uids.get('chain') ?? '', deploymentUid: target.metadata.uid };
    const run = await reportRun(world, chain, undefined);
    await until(() => world.applied());
    await world.sql.query(`update run set updated_at = now() - interval '25 hours', silent_at = now() where uid = $1`, [
      run,
    ]);
    await until(async () => (await stateOf('rollout-silent')) === 'active');
    await api.call('POST', 'devices/chain/block', { reason: 'lost' });
    await until(async () => (await stateOf('rollout-silent')) === 'resolved');
    await api.call('POST', 'devices/chain/unblock', {});
    await until(async () => (await stateOf('rollout-silent')) === 'active');
    await collect(['stays']);
    await until(async () => (await stateOf('rollout-silent')) === 'resolved');
    expect(await counted()).toEqual({ window: 1 });
  });

  it('is also what a process of the release before keeps, which does not say what counts, while a site is upgraded', async () => {
    await tell('permit', 'leaves');
    for (const name of ['leaves', 'blocked', 'stays']) {
      await world.sql.query('delete from device_fate where device_uid = $1', [uids.get(name)]);
      await world.sql.query(
        `insert into device_fate (deployment_uid, device_uid, number, acceptance, acceptance_at, delivery, reason, delivery_at)
         values ($1, $2, 1, 'accepted', now(), 'waiting', 'network', now())`,
        [target.metadata.uid, uids.get(name)],
      );
    }
    expect(await counted()).toEqual({ network: 1 });
    await collect(['stays', 'blocked']);
    expect(await counted()).toEqual({ network: 2 });
    await collect(['stays']);
    expect(await counted()).toEqual({ network: 1 });
  });

  it('stays exact while devices come, go and tell at the same time', async () => {
    const telling = (async () => {
      for (let round = 0; round < 15; round += 1) {
        await tell(['window', 'content', 'permit'][round % 3] ?? '', 'stays', 'leaves', 'blocked');
      }
    })();
    for (let round = 0; round < 15; round += 1) {
      await collect(round % 2 === 0 ? ['stays', 'leaves'] : ['blocked']);
      await api.call('POST', `devices/blocked/${round % 2 === 0 ? 'block' : 'unblock'}`, {});
    }
    await telling;
    expect(await counted()).toEqual({ permit: 2 });
  });
});
