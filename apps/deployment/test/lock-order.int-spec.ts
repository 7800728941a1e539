import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { LockHolders } from './lock-holders.js';
import { type Deployment, openWorld, type World } from './world.js';

const MEMBERSHIP = `hashtextextended(current_schema() || '.membership', 0)`;
const AT = '2026-11-27T00:00:00Z';

/** Who changes membership takes its lock and then rows: whoever takes rows and waits for the lock then waits in a circle, which Postgres ends with an error. */
describe('the lock of membership', () => {
  let servers: TestServers;
  let world: World;
  let holders: LockHolders;
  let target: Deployment;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    holders = await LockHolders.connect(world, servers);
    world.revise('tale', 'a');
    target = await world.api.apply<Deployment>('Deployment', 'deployments', 'target', {
      sequence: 'tale',
      collection: 'all-unknown-computers',
      purpose: 'Available',
    });
  });

  afterEach(async () => {
    await holders.release();
  });

  afterAll(async () => {
    await holders?.end();
    await world?.close();
    await servers?.stop();
  });

  /** An unknown computer that waits for its window. */
  async function unknownComputer(name: string): Promise<string> {
    const deviceUid = uuidv7();
    await world.policy.publish(deviceEnrolled, {
      deviceUid,
      name,
      keyThumbprint: `key-of-${deviceUid}`,
      enrolledAt: AT,
      facts: { hostname: name },
      access: { state: 'approved', by: 'anna', unknownComputers: true },
    });
    await tellFate(deviceUid, 1);
    await until(() => world.applied());
    return deviceUid;
  }

  const tellFate = (deviceUid: string, number: number) =>
    world.policy.publish(fatesTold, {
      fates: [
        {
          deviceUid,
          deploymentUid: target.metadata.uid,
          number,
          acceptance: { state: 'accepted', at: AT },
          delivery: { state: 'waiting', reason: 'window', at: AT },
        },
      ],
    });

  const tellRun = (deviceUid: string, ends: boolean) =>
    holders.tellRun({ deviceUid, deploymentUid: target.metadata.uid }, ends);

  const waitsForMembership = () => holders.waitsIn('.membership');

  async function holdMembership(): Promise<void> {
    await holders.holder.query('begin');
    await holders.holder.query(`select pg_advisory_xact_lock(${MEMBERSHIP})`);
  }

  it('is taken before what a run changes that makes a known device of an unknown computer', async () => {
    const uid = await unknownComputer('first');
    await holdMembership();
    await tellRun(uid, true);
    await until(waitsForMembership);
    await holders.takeRow('device_fate', 'device_uid', uid);
    await holders.holder.query('commit');
    await until(async () => (await world.byUid(uid))?.status.access?.state === 'approved');
  });

  it('is taken before what other facts change that come together with fates', async () => {
    const uid = await unknownComputer('second');
    await holders.publishTogether(
      () => tellRun(uid, false),
      () => tellFate(uid, 2),
    );
    await holdMembership();
    await holders.other.query('commit');
    await until(waitsForMembership);
    await holders.takeRow('device_fate', 'device_uid', uid);
  });

  it('passes from facts of fates to an enrolment behind them, past who waits for it', async () => {
    const uid = await unknownComputer('third');
    const late = uuidv7();
    await holders.publishTogether(
      () => tellFate(uid, 2),
      () => world.enrol('late', late).then(() => undefined),
    );
    await holders.holder.query('begin');
    await holders.takeRow('device_fate', 'device_uid', uid);
    await holders.other.query('commit');
    await until(() => holders.waitsIn('into device_fate'));
    await holders.other.query('begin');
    const asked = holders.other.query(`select pg_advisory_xact_lock(${MEMBERSHIP})`);
    await until(async () => {
      const { rows } = await world.sql.query(`select 1 from pg_locks where locktype = 'advisory' and not granted`);
      return rows.length > 0;
    });
    await holders.holder.query('commit');
    await asked;
    expect((await holders.other.query('select 1 from device where uid = $1', [late])).rows).toHaveLength(1);
  });

  it.each([
    ['a device', 'devices', 'device'],
    ['a deployment', 'deployments', 'deployment'],
  ])('is taken before the row of %s that is deleted', async (_what, plural, table) => {
    const name = `deleted-${table}`;
    if (table === 'device') await world.enrol(name);
    else {
      const spec = { sequence: 'tale', collection: 'all-devices', purpose: 'Available' };
      await world.api.apply('Deployment', plural, name, spec);
    }
    await until(() => world.applied());
    await holdMembership();
    const deleted = world.api.call('DELETE', `${plural}/${name}`);
    await until(waitsForMembership);
    await holders.takeRow(table, 'name', name);
    await holders.holder.query('commit');
    expect((await deleted).status).toBe(200);
  });
});
