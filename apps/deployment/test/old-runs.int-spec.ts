import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { run as runKind } from '@muster/contracts/kinds/run.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { reportRun } from './report-run.js';
import { type Deployment, openWorld, type Run, type World } from './world.js';

describe('runs that ended long ago', () => {
  let servers: TestServers;
  let world: World;
  const uids: string[] = [];

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    world.revise('tale', 'a');
    for (const name of ['one', 'two', 'three']) uids.push(await world.enrol(name));
    await until(async () => (await world.devices()).length === 3);
    await world.api.apply('Collection', 'collections', 'all', { rules: [{ allDevices: true }] });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const deploy = (name: string) =>
    world.api.apply<Deployment>('Deployment', 'deployments', name, {
      sequence: 'tale',
      collection: 'all',
      purpose: 'Required',
    });
  const deployedCounts = async () => (await world.api.get<Deployment>('deployments/stays')).status.devices;
  const tally = async () =>
    (await world.sql.query('select succeeded::int, failed::int from deployment_tally order by 1, 2')).rows;

  it('are forgotten with their steps, but for those by which devices count, and watchers are told', async () => {
    const [stays, goes] = [await deploy('stays'), await deploy('goes')];
    const [one, two, three] = uids.map((deviceUid) => ({ deviceUid, deploymentUid: stays.metadata.uid }));
    const late = { deviceUid: uids[0] ?? '', deploymentUid: goes.metadata.uid };
    const old = {
      replaced: await reportRun(world, one!, 'failed'),
      newest: await reportRun(world, one!, 'succeeded'),
      beforeOneThatGoesOn: await reportRun(world, two!, 'failed'),
      unfinished: await reportRun(world, three!, undefined),
      ofDeleted: await reportRun(world, late, 'succeeded'),
    };
    const goesOn = await reportRun(world, two!, undefined);
    const fresh = await reportRun(world, late, 'succeeded');
    await until(() => world.applied());
    expect((await world.api.call('DELETE', 'deployments/goes')).status).toBeLessThan(300);
    await world.sql.query(`update run set updated_at = now() - interval '366 days' where uid = any($1)`, [
      Object.values(old),
    ]);
    const [counts, tallied] = [await deployedCounts(), await tally()];
    expect(counts).toMatchObject({ targeted: 3, succeeded: 1 });

    await world.close();
    world = await openWorld(servers);
    const left = async () => (await world.api.list<Run>('runs')).map(({ metadata }) => metadata.uid);
    await until(async () => (await left()).length === 5);
    expect((await left()).toSorted()).toEqual(
      [old.newest, old.beforeOneThatGoesOn, old.unfinished, goesOn, fresh].toSorted(),
    );
    const steps = await world.sql.query('select 1 from run_step where run_uid = any($1)', [
      [old.replaced, old.ofDeleted],
    ]);
    expect(steps.rowCount).toBe(0);
    expect(await deployedCounts()).toEqual(counts);
    expect(await tally()).toEqual(tallied);
    const told = await world.sql.query<{ uid: string }>(
      `select payload #>> '{resource,metadata,uid}' as uid from outbox where subject = $1`,
      [resourceEvents(runKind).deleted.subject({ site: 'S01' })],
    );
    expect(told.rows.map(({ uid }) => uid).toSorted()).toEqual([old.replaced, old.ofDeleted].toSorted());
  });
});
