import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { type Deployment, openWorld, type World } from './world.js';

const MEMBERSHIP = `hashtextextended(current_schema() || '.membership', 0)`;
const AT = '2026-11-27T00:00:00Z';

/** Who changes membership takes its lock and then rows: whoever takes rows and waits for the lock then waits in a circle, which Postgres ends with an error. */
describe('the lock of membership', () => {
  let servers: TestServers;
  let world: World;
  /** Somebody who has the lock, and somebody who has what keeps facts from being applied. */
  let holder: Client;
  let other: Client;
  let target: Deployment;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    const connectionString = servers.environment('deployment')['MUSTER_DATABASE_URL'] ?? '';
    [holder, other] = [new Client({ connectionString }), new Client({ connectionString })];
    await Promise.all([holder.connect(), other.connect()]);
    world.revise('tale', 'a');
    target = await world.api.apply<Deployment>('Deployment', 'deployments', 'target', {
      sequence: 'tale',
      collection: 'all-unknown-computers',
      purpose: 'Available',
    });
  });

  afterEach(async () => {
    await holder.query('rollback');
    await other.query('rollback');
    await until(() => world.applied());
  });

  afterAll(async () => {
    await holder?.end();
    await other?.end();
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

  const tellRun = (deviceUid: string, ends: boolean) => {
    const runId = uuidv7();
    const at = new Date().toISOString();
    return world.policy.publish(runReported, {
      runId,
      deviceUid,
      deploymentUid: target.metadata.uid,
      reports: [
        { runId, number: 1, at, event: 'run-started', total: 1 },
        ...(ends ? [{ runId, number: 2, at, event: 'run-finished', result: 'succeeded', exitCode: 0 } as const] : []),
      ],
    });
  };

  /** The service waits in a statement that looks like this. */
  const waitsIn = async (statement: string) =>
    (
      await world.sql.query(
        `select 1 from pg_stat_activity where application_name = 'deployment' and wait_event_type = 'Lock' and query like $1`,
        [`%${statement}%`],
      )
    ).rows.length > 0;
  const waitsForMembership = () => waitsIn('.membership');

  /** Fails when anybody has the row. */
  const takeRow = (table: string, where: string, value: string) =>
    holder.query(`select 1 from ${table} where ${where} = $1 for update nowait`, [value]);

  async function holdMembership(): Promise<void> {
    await holder.query('begin');
    await holder.query(`select pg_advisory_xact_lock(${MEMBERSHIP})`);
  }

  /** Facts that are applied in one transaction; it begins when `other` commits. */
  async function publishTogether(...publish: (() => Promise<void>)[]): Promise<void> {
    await other.query('begin');
    await other.query(`select 1 from inbox where producer = 'policy' for update`);
    // One that waits, so that the others come together behind it.
    await tellRun(uuidv7(), false);
    await until(() => waitsIn('from inbox'));
    for (const one of publish) await one();
    await until(async () => (await world.policy.published()) === (await world.policy.position()));
  }

  it('is taken before what a run changes that makes a known device of an unknown computer', async () => {
    const uid = await unknownComputer('first');
    await holdMembership();
    await tellRun(uid, true);
    await until(waitsForMembership);
    await takeRow('device_fate', 'device_uid', uid);
    await holder.query('commit');
    await until(async () => (await world.byUid(uid))?.status.access?.state === 'approved');
  });

  it('is taken before what other facts change that come together with fates', async () => {
    const uid = await unknownComputer('second');
    await publishTogether(
      () => tellRun(uid, false),
      () => tellFate(uid, 2),
    );
    await holdMembership();
    await other.query('commit');
    await until(waitsForMembership);
    await takeRow('device_fate', 'device_uid', uid);
  });

  it('passes from facts of fates to an enrolment behind them, past who waits for it', async () => {
    const uid = await unknownComputer('third');
    const late = uuidv7();
    await publishTogether(
      () => tellFate(uid, 2),
      () => world.enrol('late', late).then(() => undefined),
    );
    await holder.query('begin');
    await takeRow('device_fate', 'device_uid', uid);
    await other.query('commit');
    await until(() => waitsIn('into device_fate'));
    await other.query('begin');
    const asked = other.query(`select pg_advisory_xact_lock(${MEMBERSHIP})`);
    await until(async () => {
      const { rows } = await world.sql.query(`select 1 from pg_locks where locktype = 'advisory' and not granted`);
      return rows.length > 0;
    });
    await holder.query('commit');
    await asked;
    expect((await other.query('select 1 from device where uid = $1', [late])).rows).toHaveLength(1);
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
    await takeRow(table, 'name', name);
    await holder.query('commit');
    expect((await deleted).status).toBe(200);
  });
});
