import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import type { DeploymentDeviceList, DeploymentProgress } from '@muster/contracts/kinds/deployment-progress.js';
import type { DeviceHistory } from '@muster/contracts/kinds/device-history.js';
import type { EventList } from '@muster/contracts/kinds/event.js';
import { run } from '@muster/contracts/kinds/run.js';
import type { StepReport } from '@muster/sequence/report.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { reportRun } from './report-run.js';
import { digest, openWorld, type Deployment, type Run, type World } from './world.js';

describe('how a deployment goes', () => {
  let servers: TestServers;
  let world: World;
  let { api } = {} as World;
  let target: Deployment;
  const uids = new Map<string, string>();
  const names = ['well', 'ill', 'sick', 'busy', 'quiet', 'new'];

  const progress = async (name = 'rollout') =>
    (await api.call<DeploymentProgress>('GET', `deployments/${name}/progress`)).body;
  const devices = async (query = '') =>
    (await api.call<DeploymentDeviceList>('GET', `deployments/rollout/devices${query}`)).body;

  /** What a device reports of a new run: each step with its outcome; without an end when `ends` is undefined. */
  async function tell(device: string, steps: [string, StepReport['outcome']][], ends?: 'succeeded' | 'failed') {
    const runId = uuidv7();
    let number = 0;
    const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 1, 0, second)).toISOString();
    const reports: StepReport[] = [{ runId, number: (number += 1), at: at(0), event: 'run-started', total: 2 }];
    for (const [path, outcome] of steps) {
      reports.push({ runId, number: (number += 1), at: at(10), event: 'step-started', path, attempt: 1 });
      if (outcome === undefined) continue;
      const failure = outcome === 'failed' ? { exitCode: 7, code: 'step.exit-code', message: 'it ended with 7' } : {};
      reports.push({
        runId,
        number: (number += 1),
        at: at(30),
        event: 'step-finished',
        path,
        outcome,
        attempt: 1,
        ...failure,
      });
    }
    if (ends) {
      const code = ends === 'failed' ? { exitCode: 7 } : { exitCode: 0 };
      reports.push({ runId, number: number + 1, at: at(40), event: 'run-finished', result: ends, ...code });
    }
    await world.policy.publish(runReported, {
      runId,
      reports,
      deviceUid: uids.get(device) ?? '',
      deploymentUid: target.metadata.uid,
    });
    return runId;
  }

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers, { MUSTER_ROLLOUT_GRACE_SECONDS: '0' });
    ({ api } = world);
    world.revise('tale', 'a');
    for (const name of names) uids.set(name, await world.enrol(name));
    await until(async () => (await api.call('GET', 'devices/new')).status === 200);
    await api.apply('Collection', 'collections', 'all', { rules: names.map((device) => ({ device })) });
    const spec = { sequence: 'tale', collection: 'all', purpose: 'Required' };
    target = await api.apply<Deployment>('Deployment', 'deployments', 'rollout', spec);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  it('is nothing at the beginning', async () => {
    expect(await progress()).toMatchObject({
      sequence: 'tale',
      sequenceDigest: digest('a'),
      devices: {
        targeted: 6,
        waiting: 6,
        rejected: 0,
        succeeded: 0,
        failed: 0,
        running: 0,
        silent: 0,
        restartPending: 0,
      },
      succeededPercent: 0,
      errors: [],
      steps: [],
    });
  });

  it('counts devices by their newest run, and groups failures by what failed', async () => {
    await tell('well', [['One', 'failed']], 'failed');
    await tell(
      'well',
      [
        ['One', 'succeeded'],
        ['Two', 'skipped'],
      ],
      'succeeded',
    );
    await tell(
      'ill',
      [
        ['One', 'succeeded'],
        ['Two', 'failed'],
      ],
      'failed',
    );
    await tell(
      'sick',
      [
        ['One', 'succeeded'],
        ['Two', 'failed'],
      ],
      'failed',
    );
    await tell('busy', [
      ['One', 'succeeded'],
      ['Two', undefined],
    ]);
    const silent = await tell('quiet', [['One', undefined]]);
    await until(async () => (await progress()).devices.waiting === 1);
    await world.sql.query(`update run set updated_at = now() - interval '25 hours' where uid = $1`, [silent]);
    const now = await progress();
    expect(now.devices).toEqual({
      targeted: 6,
      waiting: 1,
      downloading: 0,
      rejected: 0,
      expired: 0,
      notRerun: 0,
      running: 1,
      restartPending: 0,
      silent: 1,
      succeeded: 1,
      failed: 2,
    });
    expect(now.succeededPercent).toBe(16.7);
    expect(now.runSeconds).toEqual({ median: 40, p95: 40, longest: 40 });
    expect(now.errors).toEqual([
      {
        code: 'step.exit-code',
        step: 'Two',
        exitCode: 7,
        message: 'it ended with 7',
        devices: 2,
        examples: ['ill', 'sick'],
      },
    ]);
    expect(now.steps).toEqual([
      {
        path: 'One',
        running: 0,
        silent: 1,
        succeeded: 4,
        failed: 0,
        skipped: 0,
        medianSeconds: 20,
        longestSeconds: 20,
      },
      {
        path: 'Two',
        running: 1,
        silent: 0,
        succeeded: 0,
        failed: 2,
        skipped: 1,
        medianSeconds: 20,
        longestSeconds: 20,
      },
    ]);
  });

  it('has nothing running for ever: a run that fell silent is so wherever it is read, and each silence is told once', async () => {
    const quiet = async () => (await api.list<Run>('runs?labelSelector=device=quiet'))[0]!;
    const told = async () => (await api.call<EventList>('GET', 'events?types=run.silent')).body.items;
    const before = await quiet();
    expect(before.status).toMatchObject({ state: 'silent', steps: [{ path: 'One', state: 'silent' }] });
    expect(run.resource.safeParse(before).success).toBe(true);
    const { devices } = (await api.get<Deployment>('deployments/rollout')).status;
    expect(devices).toEqual({ targeted: 6, waiting: 1, running: 1, silent: 1, succeeded: 1, failed: 2 });
    await until(async () => (await told()).length === 1);
    expect(await told()).toMatchObject([
      {
        subject: `runs/${before.metadata.name}`,
        data: { device: 'quiet', deployment: 'rollout', message: expect.stringMatching(/nothing was heard of tale/) },
      },
    ]);
    const past = (await api.call<DeviceHistory>('GET', 'devices/quiet/history')).body.items;
    expect(past).toContainEqual(expect.objectContaining({ what: 'run.silent', run: before.metadata.name }));

    // It says something, and is heard of no more again.
    const runId = before.metadata.uid;
    const report: StepReport = {
      runId,
      number: 3,
      at: '2026-11-21T01:01:00.000Z',
      event: 'step-started',
      path: 'One',
      attempt: 2,
    };
    const of = { deviceUid: uids.get('quiet') ?? '', deploymentUid: target.metadata.uid };
    await world.policy.publish(runReported, { runId, reports: [report], ...of });
    await until(async () => (await quiet()).status.state === 'running');
    await world.sql.query(`update run set updated_at = now() - interval '25 hours' where uid = $1`, [runId]);
    await until(async () => (await told()).length === 2);
    expect((await quiet()).status.state).toBe('silent');
  });

  it('lists each device, in pages and by state, also one that has left', async () => {
    const all = await devices();
    expect(all.items.map(({ device, state, step }) => [device, state, step])).toEqual([
      ['busy', 'running', 'Two'],
      ['ill', 'failed', 'Two'],
      ['new', 'waiting', undefined],
      ['quiet', 'silent', 'One'],
      ['sick', 'failed', 'Two'],
      ['well', 'succeeded', undefined],
    ]);
    expect((await devices('?state=failed')).items.map(({ device }) => device)).toEqual(['ill', 'sick']);
    const first = await devices('?limit=4');
    const rest = await devices(`?limit=4&continue=${first.metadata.continue}`);
    expect([...first.items, ...rest.items]).toEqual(all.items);
    expect(rest.metadata).toEqual({});
    await api.apply('Collection', 'collections', 'all', { rules: [{ device: 'new' }] });
    expect((await devices('?state=succeeded')).items).toMatchObject([{ device: 'well', member: false }]);
  });

  it('is the past of each device, newest first and in pages', async () => {
    const history = async (query = '') => (await api.call<DeviceHistory>('GET', `devices/ill/history${query}`)).body;
    const { items } = await history();
    expect(items.map(({ what }) => what)).toContain('device.enrolled');
    const run = items.find(({ what }) => what === 'run.failed');
    expect(run).toMatchObject({ deployment: 'rollout', taskSequence: 'tale', exitCode: 7 });
    expect(items.filter((one) => one.run === run?.run).map(({ what }) => what)).toEqual(['run.failed', 'run.started']);
    expect(items.map(({ at }) => at)).toEqual(
      items
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    );
    const first = await history('?limit=2');
    const rest = await history(`?limit=500&continue=${first.metadata.continue}`);
    expect([...first.items, ...rest.items]).toEqual(items);
    expect(await api.refused('GET', 'devices/nobody/history')).toMatchObject({ code: 'resource.not-found' });
    expect(await api.refused('GET', 'devices/ill/history?continue=x')).toMatchObject({ code: 'request.bad-continue' });
  });

  it('tells devices that the sequence is not for from those that have not started', async () => {
    const revision = world.revise('for-debian', 'd');
    const spec = { steps: [], platforms: [{ os: 'debian', versions: ['12'], architecture: 'x64' }, { os: 'alpine' }] };
    Object.assign(revision, { spec });
    const computers = {
      'p-debian': { os: { id: 'debian', versionId: '12.5', architecture: 'x64' } },
      'p-alpine': { os: { id: 'alpine', versionId: '3' } },
      'p-arm': { os: { id: 'debian', versionId: '12', architecture: 'arm64' } },
      'p-new': { os: { id: 'debian', versionId: '120', architecture: 'x64' } },
      'p-mute': {},
    };
    for (const [name, facts] of Object.entries(computers)) await world.enrol(name, uuidv7(), facts);
    await until(async () => (await api.call('GET', 'devices/p-mute')).status === 200);
    const rules = Object.keys(computers).map((device) => ({ device }));
    await api.apply('Collection', 'collections', 'mixed', { rules });
    await api.apply('Deployment', 'deployments', 'mixed', {
      sequence: 'for-debian',
      collection: 'mixed',
      purpose: 'Required',
    });
    expect((await progress('mixed')).devices).toMatchObject({ targeted: 5, waiting: 2, rejected: 3 });
    const path = 'deployments/mixed/devices?state=rejected';
    expect((await api.call<DeploymentDeviceList>('GET', path)).body.items).toMatchObject([
      { device: 'p-arm', message: expect.stringMatching(/this computer is debian 12 arm64$/) },
      { device: 'p-mute', message: expect.stringMatching(/this computer is unknown$/) },
      { device: 'p-new' },
    ]);
  });

  it('says why no further device starts it: somebody holds it, or policy tells devices nothing', async () => {
    expect(await progress()).not.toHaveProperty('hold');
    const spec = { sequence: 'tale', collection: 'all', purpose: 'Required', hold: 'Starts' };
    await api.apply<Deployment>('Deployment', 'deployments', 'rollout', spec);
    const policy = { state: 'withdrawn' as const, code: 'policy.expired', message: 'expired at 2026-12-01T00:00Z' };
    await world.policy.publish(deploymentJudged, { deploymentUid: target.metadata.uid, policy });
    await until(async () => (await progress()).policy !== undefined);
    expect(await progress()).toMatchObject({ hold: 'Starts', policy });
  });

  it('goes on about a deployment that was deleted, by its name and by its uid, and not about its members that ran nothing', async () => {
    const spec = { sequence: 'tale', collection: 'all', purpose: 'Required' };
    const gone = await api.apply<Deployment>('Deployment', 'deployments', 'gone', spec);
    const of = { deviceUid: uids.get('well') ?? '', deploymentUid: gone.metadata.uid };
    await reportRun(world, of, 'failed');
    await until(async () => (await progress('gone')).devices.failed === 1);
    await api.call('DELETE', 'deployments/gone');
    for (const name of ['gone', gone.metadata.uid]) {
      expect(await progress(name)).toMatchObject({
        deployment: 'gone',
        deletedAt: expect.any(String),
        sequence: 'tale',
        devices: { targeted: 1, waiting: 0, failed: 1 },
        errors: [{ step: 'Only', devices: 1, examples: ['well'] }],
      });
    }
    const list = async () => (await api.call<DeploymentDeviceList>('GET', 'deployments/gone/devices?limit=1')).body;
    expect(await list()).toMatchObject({
      metadata: { deletedAt: expect.any(String) },
      items: [{ device: 'well', state: 'failed', member: false }],
    });
    // What is there beats what was.
    await api.apply<Deployment>('Deployment', 'deployments', 'gone', spec);
    expect(await progress('gone')).not.toHaveProperty('deletedAt');
    expect((await progress(gone.metadata.uid)).devices).toMatchObject({ failed: 1 });
  });

  it('is refused for what is not there', async () => {
    expect(await api.refused('GET', 'deployments/nothing/progress')).toMatchObject({ code: 'resource.not-found' });
    expect(await api.refused('GET', 'deployments/rollout/devices?state=lost')).toMatchObject({ status: 400 });
    expect(await api.refused('GET', 'deployments/rollout/devices?continue=x')).toMatchObject({
      code: 'request.bad-continue',
    });
  });
});
