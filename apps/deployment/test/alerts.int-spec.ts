import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { Event, EventList } from '@muster/contracts/kinds/event.js';
import type { Resource } from '@muster/contracts/resource.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { distribution } from '@muster/contracts/kinds/distribution.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { reportRun } from './report-run.js';
import { Producer } from './producer.js';
import { digest, openWorld, type Deployment, type World } from './world.js';

type Alert = Resource<AlertSpec, AlertStatus>;

describe('alerts and events', () => {
  let servers: TestServers;
  let world: World;
  let { api } = {} as World;
  const uids: string[] = [];
  const names = Array.from({ length: 5 }, (_, index) => `computer-${index}`);

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api } = world);
    world.revise('tale', 'a');
    for (const name of names) uids.push(await world.enrol(name));
    await until(async () => (await api.call('GET', `devices/${names.at(-1)}`)).status === 200);
    await api.apply('Collection', 'collections', 'all', { rules: names.map((device) => ({ device })) });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const deploy = async (name: string, alerts: object | undefined) =>
    api.apply<Deployment>('Deployment', 'deployments', name, {
      sequence: 'tale',
      collection: 'all',
      purpose: 'Required',
      ...(alerts ? { alerts } : {}),
    });
  const report = async (to: Deployment, device: number, ends: 'succeeded' | 'failed' | undefined) =>
    reportRun(world, { deviceUid: uids[device]!, deploymentUid: to.metadata.uid }, ends);
  const alertOf = async (name: string) => {
    const { status, body } = await api.call<Alert>('GET', `alerts/${name}`);
    return status === 200 ? body : undefined;
  };
  const stateOf = async (name: string) => (await alertOf(name))?.status.state;
  const events = async (query: string) => (await api.call<EventList>('GET', `events?${query}`)).body.items;
  const told = async (deployment: string, types = 'alert.*') =>
    (await events(`types=${types}&deployment=${deployment}`)).map(({ type }) => type);

  it('are raised once when more devices failed than allowed, resolved when not, and raised again as the same one', async () => {
    const target = await deploy('strict', { failedAbovePercent: 20 });
    await report(target, 0, 'failed');
    await until(async () => (await told('strict', 'run.*')).length === 1);
    await report(target, 1, 'failed');
    await until(async () => (await stateOf('strict-failed')) === 'active');
    expect(await alertOf('strict-failed')).toMatchObject({
      metadata: { labels: { deployment: 'strict', rule: 'deployment-failed', state: 'active' } },
      spec: { rule: 'deployment-failed', subject: { kind: 'Deployment', name: 'strict', uid: target.metadata.uid } },
      status: {
        severity: 'error',
        raised: 1,
        holds: true,
        message: 'deployment "strict" failed on 2 of 5 devices (40 %): more than 20 %',
      },
    });
    await report(target, 2, 'failed');
    await report(target, 3, 'succeeded');
    await until(async () => (await told('strict', 'run.*')).length === 4);
    expect(await told('strict')).toEqual(['alert.raised']);

    // A device that runs again counts as before until that run ends.
    await report(target, 0, undefined);
    for (const device of [1, 2]) await report(target, device, 'succeeded');
    await until(async () => (await stateOf('strict-failed')) === 'resolved');
    await report(target, 2, 'failed');
    await until(async () => (await stateOf('strict-failed')) === 'active');
    expect((await alertOf('strict-failed'))?.status).toMatchObject({ raised: 2 });
    await until(async () => (await told('strict')).length >= 3);
    await until(async () => (await told('strict')).length >= 3);
    expect(await told('strict')).toEqual(['alert.raised', 'alert.resolved', 'alert.raised']);
  });

  it('are raised when fewer devices than wished have succeeded by a time, not before it', async () => {
    const by = new Date(Date.now() + 2_500).toISOString();
    const target = await deploy('timely', { succeeded: { percent: 50, by } });
    await report(target, 0, 'succeeded');
    await until(async () => (await stateOf('timely-succeeded')) === 'active');
    const raised = await alertOf('timely-succeeded');
    expect(Date.parse(raised!.status.raisedAt)).toBeGreaterThanOrEqual(Date.parse(by));
    expect(raised!.status).toMatchObject({
      severity: 'warning',
      message: `deployment "timely" succeeded on 1 of 5 devices (20 %): 50 % were to succeed by ${by}`,
    });
    for (const device of [1, 2]) await report(target, device, 'succeeded');
    await until(async () => (await stateOf('timely-succeeded')) === 'resolved');
  });

  it('are raised when too many devices wait for content, or have no window that is long enough, by what they tell', async () => {
    const target = await deploy('waiting', { waitingForContentAbovePercent: 20, noWindowAbovePercent: 0 });
    let number = 0;
    const tell = (reason: string, ...devices: number[]) =>
      world.policy.publish(fatesTold, {
        fates: devices.map((device) => ({
          deviceUid: uids[device]!,
          deploymentUid: target.metadata.uid,
          number: (number += 1),
          acceptance: { state: 'accepted' as const, at: '2026-11-27T00:00:00Z' },
          delivery: { state: 'waiting' as const, reason, at: '2026-11-27T00:00:00Z' },
        })),
      });
    await tell('content', 0);
    await until(() => world.applied());
    expect(await alertOf('waiting-content')).toBeUndefined();
    await tell('content', 1);
    await until(async () => (await stateOf('waiting-content')) === 'active');
    expect((await alertOf('waiting-content'))?.status).toMatchObject({
      severity: 'warning',
      message: 'deployment "waiting" waits for content on 2 of 5 devices (40 %): more than 20 %',
    });
    await tell('no-window', 1);
    await until(async () => (await stateOf('waiting-window')) === 'active');
    await until(async () => (await stateOf('waiting-content')) === 'resolved');
    await report(target, 1, undefined);
    await until(async () => (await stateOf('waiting-window')) === 'resolved');
  });

  it('are raised when too many devices fell silent in their runs, until something is heard again', async () => {
    const target = await deploy('quiet', { silentAbovePercent: 0 });
    const run = await report(target, 0, undefined);
    await until(() => world.applied());
    await world.sql.query(`update run set updated_at = now() - interval '25 hours', silent_at = now() where uid = $1`, [
      run,
    ]);
    await until(async () => (await stateOf('quiet-silent')) === 'active');
    expect((await alertOf('quiet-silent'))?.status.message).toContain(
      '"quiet" on 1 of 5 devices (20 %): more than 0 %',
    );
    await reportRun(world, { deviceUid: uids[0]!, deploymentUid: target.metadata.uid }, 'succeeded', run);
    await until(async () => (await stateOf('quiet-silent')) === 'resolved');
  });

  it('follow what people say, and keep it', async () => {
    const target = await deploy('handled', { failedAbovePercent: 0 });
    await report(target, 0, 'failed');
    await until(async () => (await stateOf('handled-failed')) === 'active');
    const act = async (deed: string, body: object) =>
      (await api.call<Alert>('POST', `alerts/handled-failed/${deed}`, body)).body.status;
    expect(await act('acknowledge', { comment: 'looking' })).toMatchObject({
      state: 'acknowledged',
      changedBy: 'test',
      comments: [{ by: 'test', text: 'looking' }],
    });
    const soon = new Date(Date.now() + 1_500).toISOString();
    expect(await act('postpone', { until: soon })).toMatchObject({ state: 'postponed', postponedUntil: soon });
    await until(async () => (await stateOf('handled-failed')) === 'active');
    expect((await alertOf('handled-failed'))?.status).toMatchObject({ raised: 2 });
    expect(await act('close', {})).toMatchObject({ state: 'closed', holds: true });
    expect(await api.refused('POST', 'alerts/handled-failed/acknowledge', {})).toMatchObject({
      status: 409,
      code: 'alert.over',
    });
    expect(
      await api.refused('POST', 'alerts/handled-failed/postpone', { until: '2020-01-01T00:00:00Z' }),
    ).toMatchObject({
      status: 400,
      code: 'alert.postponed-into-past',
    });
    expect(await act('comment', { comment: 'done' })).toMatchObject({ state: 'closed' });

    // Closed, it comes back only after its condition was gone.
    await report(target, 1, 'failed');
    await until(async () => (await told('handled', 'run.failed')).length === 2);
    for (const device of [0, 1]) await report(target, device, 'succeeded');
    await until(async () => (await alertOf('handled-failed'))?.status.holds === false);
    expect(await stateOf('handled-failed')).toBe('closed');
    await report(target, 0, 'failed');
    await until(async () => (await stateOf('handled-failed')) === 'active');
    // An event gets its place a moment after what it tells.
    await until(async () => (await told('handled')).length >= 7);
    expect(await told('handled')).toEqual([
      'alert.raised',
      'alert.changed',
      'alert.changed',
      'alert.raised',
      'alert.changed',
      'alert.changed',
      'alert.raised',
    ]);
  });

  it('are resolved when their rule or their deployment goes', async () => {
    const target = await deploy('gone', { failedAbovePercent: 0 });
    await report(target, 0, 'failed');
    await until(async () => (await stateOf('gone-failed')) === 'active');
    await deploy('gone', undefined);
    await until(async () => (await stateOf('gone-failed')) === 'resolved');
    await deploy('gone', { failedAbovePercent: 0 });
    await until(async () => (await stateOf('gone-failed')) === 'active');
    await api.call('DELETE', 'deployments/gone');
    await until(async () => (await stateOf('gone-failed')) === 'resolved');
    // Made anew, it is another deployment with alerts of its own.
    const anew = await deploy('gone', { failedAbovePercent: 0 });
    await report(anew, 0, 'failed');
    await until(async () => (await api.list<Alert>('alerts?labelSelector=deployment=gone')).length === 2);
    const states = (await api.list<Alert>('alerts?labelSelector=deployment=gone')).map(({ status }) => status.state);
    expect(states.toSorted()).toEqual(['active', 'resolved']);
  });

  it('count a run once, whatever is told twice, late or out of order', async () => {
    const target = await deploy('counted', { failedAbovePercent: 100 });
    const tally = async () =>
      (
        await world.sql.query('select succeeded, failed from deployment_tally where deployment_uid = $1', [
          target.metadata.uid,
        ])
      ).rows[0] as { succeeded: number; failed: number } | undefined;
    const older = await report(target, 0, undefined);
    await report(target, 0, 'succeeded');
    await until(async () => (await tally()) !== undefined);
    // The end of the older run comes last, and twice.
    const of = { deviceUid: uids[0]!, deploymentUid: target.metadata.uid };
    await reportRun(world, of, 'failed', older);
    await reportRun(world, of, 'failed', older);
    await report(target, 1, 'failed');
    await until(async () => (await told('counted', 'run.*')).length === 3);
    expect(await tally()).toEqual({ succeeded: 1, failed: 1 });
  });

  it('are told as CloudEvents, in pages, by type, device, deployment and time', async () => {
    const all = await events('limit=500');
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map(({ sequence }) => sequence).toSorted());
    const failed = await events('types=run.failed&deployment=strict&device=computer-0');
    expect(failed).toMatchObject([
      {
        specversion: '1.0',
        source: '/sites/S01',
        type: 'run.failed',
        datacontenttype: 'application/json',
        subject: expect.stringMatching(/^runs\/run-/),
        data: {
          message: 'tale failed on computer-0 (deployment strict) at "Only": it ended with 7',
          device: 'computer-0',
          deployment: 'strict',
          taskSequence: 'tale',
          step: 'Only',
          exitCode: 7,
        },
      },
    ]);
    expect((await events('types=device.enrolled&device=computer-1')).map(({ data }) => data.message)).toEqual([
      'device computer-1 enrolled',
    ]);
    await until(async () => (await events('types=deployment.*&deployment=gone')).length >= 5);
    expect((await events('types=deployment.*&deployment=gone')).map(({ type }) => type)).toEqual([
      'deployment.created',
      'deployment.changed',
      'deployment.changed',
      'deployment.deleted',
      'deployment.created',
    ]);
    const first = (await api.call<EventList>('GET', 'events?limit=3')).body;
    const second = (await api.call<EventList>('GET', `events?limit=3&continue=${first.metadata.continue}`)).body;
    expect([...first.items, ...second.items]).toEqual(all.slice(0, 6));
    const last = all.at(-1)!;
    expect((await events(`since=${last.time}`)).at(-1)).toEqual(last);
    expect(await events('since=2099-01-01T00:00:00Z')).toEqual([]);
    expect(await api.refused('GET', 'events?types=run.lost')).toMatchObject({ status: 400, code: 'document.invalid' });
    expect(await api.refused('GET', 'events?continue=x')).toMatchObject({ code: 'request.bad-continue' });
  });

  it('tell of sequences and of content, each thing once, whatever their services say besides', async () => {
    const content = await Producer.open('content', servers.environment('content'));
    try {
      const now = new Date().toISOString();
      const metadata = (name: string) => ({
        name,
        uid: uuidv7(),
        resourceVersion: '1',
        generation: 1,
        createdAt: now,
        updatedAt: now,
      });
      const sequence = metadata('told');
      const tell = (revision: number, actor: string) =>
        world.catalog.publish(resourceEvents(taskSequence).saved, {
          actor,
          resource: {
            apiVersion: API_VERSION,
            kind: 'TaskSequence',
            metadata: sequence,
            spec: { steps: [] },
            status: { revision, digest: digest('c'), steps: 0, groups: 0 },
          },
        });
      await tell(1, 'anna');
      await tell(1, 'system');
      await tell(2, 'bert');
      const brought = metadata('hello-everywhere');
      const progress = (state: 'transferring' | 'available' | 'failed') =>
        content.publish(resourceEvents(distribution).saved, {
          actor: 'system',
          resource: {
            apiVersion: API_VERSION,
            kind: 'Distribution',
            metadata: brought,
            spec: { package: 'hello', points: ['berlin'] },
            status: {
              points: [
                {
                  point: 'berlin',
                  version: 3,
                  manifest: digest('d'),
                  state,
                  filesDone: 0,
                  files: 1,
                  bytesDone: 0,
                  bytes: 1,
                  attempts: 1,
                  updatedAt: now,
                },
              ],
            },
          },
        });
      for (const state of ['transferring', 'failed', 'failed', 'transferring', 'available', 'available'] as const)
        await progress(state);
      const about = async (types: string, subject: string) =>
        (await events(`types=${types}&limit=500`)).flatMap((one) =>
          one.subject === subject ? [one.data.message] : [],
        );
      await until(async () => (await about('distribution.*', 'distributions/hello-everywhere')).length === 2);
      expect(await about('distribution.*', 'distributions/hello-everywhere')).toEqual([
        'Package hello version 3 could not be brought to berlin',
        'Package hello version 3 is at berlin',
      ]);
      await until(async () => (await about('sequence.*', 'task-sequences/told')).length === 2);
      expect(await about('sequence.*', 'task-sequences/told')).toEqual([
        'task sequence told was created by anna: revision 1',
        'task sequence told was changed by bert: revision 2',
      ]);
    } finally {
      await content.close();
    }
  });

  it('can be watched, and read on behind the last one that was seen', async () => {
    const all = await events('types=run.*&limit=500');
    const [seen, ...rest] = all.slice(-3);
    const watching = api.watch<Resource & Event>(
      'events?watch=true&types=run.*',
      (some) => some.length >= 3,
      undefined,
      { 'last-event-id': seen!.sequence },
    );
    await report(await deploy('watched', undefined), 4, 'succeeded');
    const again = await watching;
    expect(again.slice(0, 2)).toEqual(rest);
    expect(again[2]).toMatchObject({ type: 'run.succeeded', data: { deployment: 'watched', device: 'computer-4' } });
    await world.sql.query('delete from event where position < 5');
    const tooOld = await fetch(`${api.url}/api/v1/events?watch=true`, {
      headers: { authorization: `Bearer ${api.token}`, 'last-event-id': '2' },
    });
    expect([tooOld.status, await tooOld.json()]).toMatchObject([409, { code: 'request.watch-too-old' }]);
  });
});
