import { runReported } from '@muster/contracts/events/run-reported.js';
import { run } from '@muster/contracts/kinds/run.js';
import { findRunsUnderWay } from '@muster/contracts/requests/find-runs-under-way.js';
import type { StepReport } from '@muster/sequence/report.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { digest, openWorld, type Deployment, type Device, type Run, type World } from './world.js';

describe('runs', () => {
  let servers: TestServers;
  let world: World;
  let { api, byUid, enrol } = {} as World;
  let web: Device;
  let target: Deployment;
  const at = '2026-11-21T01:00:00.000Z';
  const report = (
    runId: string,
    number: number,
    fields: Partial<StepReport> & Pick<StepReport, 'event'>,
  ): StepReport => ({
    runId,
    number,
    at,
    ...fields,
  });
  const story = (runId: string): StepReport[] => [
    report(runId, 1, { event: 'run-started', total: 2 }),
    report(runId, 2, { event: 'step-started', path: 'Group/One', stepType: 'RunCommandLine', attempt: 1 }),
    report(runId, 3, {
      event: 'step-finished',
      path: 'Group/One',
      stepType: 'RunCommandLine',
      outcome: 'succeeded',
      exitCode: 3_221_225_477,
      attempt: 1,
    }),
    report(runId, 4, {
      event: 'step-finished',
      path: `${'Deep/'.repeat(2000)}Two`,
      stepType: 'SetVariable',
      outcome: 'skipped',
      reason: 'disabled',
    }),
    report(runId, 5, { event: 'run-finished', result: 'succeeded', exitCode: 0 }),
  ];
  const tell = (
    runId: string,
    reports: StepReport[],
    from: { deviceUid: string; deploymentUid: string; sequenceDigest?: string } = {
      deviceUid: web.metadata.uid,
      deploymentUid: target.metadata.uid,
    },
  ) => world.policy.publish(runReported, { ...from, runId, reports });
  const runsOf = (selector: string) => api.list<Run>(`runs?limit=500&labelSelector=${selector}`);

  const enrolled = async (name: string): Promise<Device> => {
    const uid = await enrol(name);
    await until(async () => (await byUid(uid)) !== undefined);
    return (await byUid(uid))!;
  };
  const parked = async () => (await world.sql.query('select error from inbox_parked')).rows;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api, byUid, enrol } = world);
    world.revise('tale', 'a');
    web = await enrolled('teller');
    await enrolled('silent');
    await api.apply('Collection', 'collections', 'tellers', { rules: [{ device: 'teller' }, { device: 'silent' }] });
    target = await api.apply<Deployment>('Deployment', 'deployments', 'telling', {
      sequence: 'tale',
      collection: 'tellers',
      purpose: 'Required',
    });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  it('grow with the reports, each step once, and a watch sees them grow', async () => {
    const id = uuidv7();
    const name = `run-${id.replaceAll('-', '').slice(0, 8)}${id.slice(-4)}`;
    const listed = Promise.withResolvers<void>();
    let changes = 0;
    const watched = api.watch<Run>(
      `runs?watch=true&name=${name}`,
      (seen) => {
        changes = seen.length;
        return seen.at(-1)?.status.state === 'succeeded';
      },
      listed.resolve,
    );
    await Promise.race([listed.promise, watched]);
    const [one, two, three, four, five] = story(id) as [StepReport, StepReport, StepReport, StepReport, StepReport];
    // What is told together may be seen together: the next ones wait until these were seen.
    await tell(id, [one, two]);
    await tell(id, [two]);
    await until(() => changes === 1);
    await tell(id, [three, four]);
    await tell(id, [one, two, three]);
    await until(() => changes === 2);
    await tell(id, [five]);
    await tell(id, [four, five]);
    const seen = await watched;
    expect(seen.map(({ status }) => [status.state, status.steps.length])).toEqual([
      ['running', 1],
      ['running', 2],
      ['succeeded', 2],
    ]);
    const read = await api.get<Run>(`runs/${name}`);
    expect(read).toEqual(seen.at(-1));
    expect(run.resource.safeParse(read).success).toBe(true);
    expect(read).toMatchObject({
      metadata: { uid: id, labels: { deployment: 'telling', device: 'teller' } },
      spec: { device: 'teller', deployment: 'telling', sequence: 'tale', sequenceDigest: digest('a') },
      status: { totalSteps: 2, exitCode: 0, startedAt: at, finishedAt: at },
    });
    expect(read.status.steps.map(({ number, state, exitCode }) => [number, state, exitCode])).toEqual([
      [2, 'succeeded', 3_221_225_477],
      [4, 'skipped', undefined],
    ]);
  });

  it('count for their deployment: the newest run of a device says how it is', async () => {
    const counts = async () => (await api.get<Deployment>('deployments/telling')).status.devices;
    await until(async () => (await counts()).succeeded === 1);
    expect(await counts()).toEqual({ targeted: 2, waiting: 1, running: 0, silent: 0, succeeded: 1, failed: 0 });
    const id = uuidv7();
    await tell(id, story(id).slice(0, 2));
    await until(async () => (await counts()).running === 1);
    expect(await counts()).toEqual({ targeted: 2, waiting: 1, running: 1, silent: 0, succeeded: 0, failed: 0 });
    await tell(id, [report(id, 6, { event: 'run-finished', result: 'failed', exitCode: 1 })]);
    await until(async () => (await counts()).failed === 1);
    expect(
      (await api.list<Deployment>('deployments?limit=500')).find(({ metadata }) => metadata.name === 'telling')?.status
        .devices,
    ).toEqual(await counts());
  });

  it('are found by the labels of device and deployment', async () => {
    expect((await runsOf('device=teller')).length).toBe(2);
    expect((await runsOf('device=teller,deployment=telling')).length).toBe(2);
    expect(await runsOf('device=silent')).toEqual([]);
    expect((await api.call('DELETE', 'runs/any')).status).toBe(404);
  });

  it('stay, with their names, when device and deployment are deleted, and go on being told', async () => {
    const ghost = await enrolled('ghost');
    const made = await api.apply<Deployment>('Deployment', 'deployments', 'short-lived', {
      sequence: 'tale',
      collection: 'tellers',
      purpose: 'Required',
    });
    const from = { deviceUid: ghost.metadata.uid, deploymentUid: made.metadata.uid };
    const [begun, after] = [uuidv7(), uuidv7()];
    await tell(begun, story(begun).slice(0, 2), from);
    await until(async () => (await runsOf('device=ghost')).length === 1);
    await api.call('DELETE', 'deployments/short-lived');
    await api.call('DELETE', 'devices/ghost');
    await tell(begun, story(begun), from);
    await tell(after, story(after), from);
    await until(
      async () =>
        (await runsOf('device=ghost,deployment=short-lived')).filter(({ status }) => status.state === 'succeeded')
          .length === 2,
    );
  });

  it('are kept under uids when nobody knows the names', async () => {
    const [id, deviceUid, deploymentUid] = [uuidv7(), uuidv7(), uuidv7()];
    await tell(id, story(id), { deviceUid, deploymentUid });
    await until(async () => (await runsOf(`device=${deviceUid}`)).length === 1);
    const [lost] = await runsOf(`deployment=${deploymentUid}`);
    expect(run.resource.safeParse(lost).success).toBe(true);
    expect(lost?.spec).toMatchObject({ device: deviceUid, deployment: deploymentUid, sequence: 'unknown' });
  });

  it('say which revision the device runs, though the deployment has a newer one by then', async () => {
    const late = await enrolled('late');
    const made = await api.apply<Deployment>('Deployment', 'deployments', 'moving-on', {
      sequence: 'tale',
      collection: 'tellers',
      purpose: 'Required',
    });
    const head = (await api.get<Deployment>('deployments/moving-on')).status.sequenceDigest;
    const from = { deviceUid: late.metadata.uid, deploymentUid: made.metadata.uid };
    const [older, silent] = [uuidv7(), uuidv7()];
    await tell(older, story(older).slice(0, 2), { ...from, sequenceDigest: digest('9') });
    // What comes later does not change what the run began with.
    await tell(older, story(older), { ...from, sequenceDigest: digest('8') });
    await tell(silent, story(silent), from);
    await until(
      async () => (await runsOf('device=late')).filter(({ status }) => status.state === 'succeeded').length === 2,
    );
    const digests = (await runsOf('device=late')).map(({ metadata, spec }) => [metadata.uid, spec.sequenceDigest]);
    expect(Object.fromEntries(digests)).toEqual({ [older]: digest('9'), [silent]: head });
  });

  it('have names of their own even when two uids begin and end alike', async () => {
    const [one, two] = ['0198b000-0000-7000-8000-00000000beef', '0198b000-1111-7000-8000-11110000beef'];
    await tell(one, story(one));
    await tell(two, story(two));
    await until(async () => (await runsOf('device=teller')).length === 4);
    const names = (await runsOf('device=teller')).map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(['run-0198b000beef', `run-${two.replaceAll('-', '')}`]));
  });

  it('are the same whether their facts come together or one by one', async () => {
    const rows = async (runs: string[]) => {
      const { rows: found } = await world.sql.query(
        `select state, last_number, started_at, total_steps, restart_number, end_number, finished_at, exit_code, message, (
           select jsonb_agg(to_jsonb(step) - 'run_uid' order by path) from run_step as step where run_uid = run.uid) as steps,
           (select jsonb_agg(data - 'run' order by sequence) from event where data ->> 'run' = run.name) as events
         from run where uid = any ($1) order by array_position($1, uid)`,
        [runs],
      );
      return found;
    };
    const made = await api.apply<Deployment>('Deployment', 'deployments', 'together', {
      sequence: 'tale',
      collection: 'tellers',
      purpose: 'Required',
    });
    const counts = async () => (await api.get<Deployment>('deployments/together')).status.devices;
    const from = { deviceUid: web.metadata.uid, deploymentUid: made.metadata.uid };
    const facts = (id: string): StepReport[][] => {
      const [one, two, three, four, five] = story(id) as [StepReport, StepReport, StepReport, StepReport, StepReport];
      const failed = report(id, 6, { event: 'run-finished', result: 'failed', message: 'after all' });
      return [[three], [one, two], [five], [four], [two, three], [failed], [five]];
    };
    const [alone, together] = [
      [uuidv7(), uuidv7()],
      [uuidv7(), uuidv7()],
    ];
    for (const id of alone) {
      for (const reports of facts(id)) {
        await tell(id, reports, from);
        await until(() => world.applied());
      }
    }
    expect(await counts()).toMatchObject({ succeeded: 0, failed: 1 });
    await world.policy.publishMany(
      runReported,
      facts(together[0]!).flatMap((reports, nth) => [
        { ...from, runId: together[0]!, reports },
        { ...from, runId: together[1]!, reports: facts(together[1]!)[nth]! },
      ]),
    );
    await until(() => world.applied());
    expect(await rows(together)).toEqual(await rows(alone));
    expect(await counts()).toMatchObject({ succeeded: 0, failed: 1 });
  });

  it('belong to one device: what another one says of them is put aside', async () => {
    const id = uuidv7();
    await tell(id, story(id).slice(0, 2));
    await tell(id, story(id), { deviceUid: uuidv7(), deploymentUid: target.metadata.uid });
    await until(async () => (await parked()).length === 1);
    expect((await parked())[0].error).toContain(`Run ${id} belongs to device ${web.metadata.uid}`);
    const mine = (await runsOf('device=teller')).find(({ metadata }) => metadata.uid === id);
    expect(mine?.status.state).toBe('running');
  });

  it('that go on are told to who asks, also of a deleted deployment, until they end or are not heard of for a month', async () => {
    const deployment = await api.apply<Deployment>('Deployment', 'deployments', 'outlasted', {
      sequence: 'tale',
      collection: 'tellers',
      purpose: 'Available',
    });
    const deploymentUid = deployment.metadata.uid;
    const from = { deviceUid: web.metadata.uid, deploymentUid };
    const going = async (deviceUid?: string) =>
      (
        await world.policy.bus.request(findRunsUnderWay, {
          deploymentUids: [deploymentUid, uuidv7()],
          ...(deviceUid && { deviceUid }),
        })
      ).items;
    expect(await going()).toEqual([]);
    const runId = uuidv7();
    await tell(runId, story(runId).slice(0, 2), from);
    await until(async () => (await going()).length === 1);
    expect((await api.call('DELETE', 'deployments/outlasted')).status).toBe(200);
    const since = expect.stringMatching(/^\d{4}-/);
    expect(await going()).toEqual([{ deploymentUid, since }]);
    expect(await going(web.metadata.uid)).toEqual([{ deploymentUid, since }]);
    expect(await going(uuidv7())).toEqual([]);

    await world.sql.query(`update run set updated_at = now() - interval '32 days' where uid = $1`, [runId]);
    expect(await going()).toEqual([]);
    await tell(runId, [report(runId, 3, { event: 'run-finished', result: 'restart-pending' })], from);
    await until(async () => (await going()).length === 1);
    await tell(runId, [report(runId, 4, { event: 'run-finished', result: 'succeeded', exitCode: 0 })], from);
    await until(async () => (await going()).length === 0);
  });
});
