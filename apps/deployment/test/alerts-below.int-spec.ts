import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { Resource } from '@muster/contracts/resource.js';
import { fromMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { until } from '@muster/testing/until.js';
import { JoinedSites } from './joined-sites.js';
import { reportRun } from './report-run.js';
import type { Deployment, World } from './world.js';

type Alert = Resource<AlertSpec, AlertStatus>;

describe('alerts of a primary site', () => {
  let sites: JoinedSites;
  let central: World;
  let primary: World;
  let deployment: Deployment;
  let device: string;

  const below = (query = '') => central.api.list<Alert>(`alerts/-/below${query}`);
  const seen = async () => (await below())[0];
  const atPrimary = async () => (await primary.api.call<Alert>('GET', 'alerts/strict-failed')).body;

  beforeAll(async () => {
    sites = await JoinedSites.open();
    ({ central, primary } = sites);
    for (const world of [central, primary]) world.revise('tale', 'a');
    device = await primary.enrol('one');
    await until(async () => (await primary.api.call('GET', 'devices/one')).status === 200);
    await central.api.apply('Collection', 'collections', 'fleet', { rules: [{ allDevices: true }] });
    await central.api.apply('Deployment', 'deployments', 'strict', {
      sequence: 'tale',
      collection: 'fleet',
      purpose: 'Required',
      alerts: { failedAbovePercent: 0 },
    });
    await until(async () => {
      const answer = await primary.api.call<Deployment>('GET', 'deployments/strict');
      deployment = answer.body;
      return answer.status === 200 && deployment.status.devices.targeted === 1;
    });
  });

  afterAll(() => sites?.close());

  it('are seen above, with their site, as they are there', async () => {
    await reportRun(primary, { deviceUid: device, deploymentUid: deployment.metadata.uid }, 'failed');
    await until(async () => (await seen()) !== undefined);
    const raised = (await seen())!;
    expect(raised).toMatchObject({
      metadata: { name: 'strict-failed', labels: { deployment: 'strict', state: 'active' } },
      spec: { rule: 'deployment-failed' },
      status: { site: 'PR1', state: 'active', holds: true },
    });
    const { status, metadata } = await atPrimary();
    expect(raised.status).toEqual({ ...status, site: 'PR1' });
    expect(raised.metadata.uid).toBe(metadata.uid);
    expect(await central.api.list('alerts')).toEqual([]);
    expect(await primary.api.list('alerts/-/below')).toEqual([]);
  });

  it('can be asked for by site, state and deployment, and alone, over both doors', async () => {
    expect(await below('?site=PR1&state=active&deployment=strict')).toHaveLength(1);
    for (const query of ['?site=PR2', '?state=closed', '?deployment=other']) expect(await below(query)).toEqual([]);
    const alone = await central.api.get<Alert>('alerts/-/below/PR1/strict-failed');
    expect(alone).toEqual(await seen());
    expect((await central.api.refused('GET', 'alerts/-/below/PR2/strict-failed')).code).toBe('resource.not-found');
    const client = grpcClient('deployment', 'AlertActionService', central.grpcAddress, central.token);
    try {
      const one = await client.call<ResourceMessage>('GetAlertBelow', { site: 'PR1', name: 'strict-failed' });
      expect((fromMessage(one) as unknown as Alert).status).toEqual(alone.status);
      const { items } = await client.call<{ items: ResourceMessage[] }>('ListAlertsBelow', { deployment: 'strict' });
      expect(items.map((each) => each.metadata?.name)).toEqual(['strict-failed']);
    } finally {
      client.close();
    }
  });

  it('are acknowledged at their own site only; above, the answer names that site', async () => {
    const refused = await central.api.refused('POST', 'alerts/strict-failed/acknowledge', { comment: 'I am on it' });
    expect([refused.code, refused.detail]).toEqual([
      'alert.of-site-below',
      'Alert "strict-failed" belongs to site PR1, and is changed there only: muster --site PR1 alert acknowledge strict-failed',
    ]);
    expect((await atPrimary()).status.state).toBe('active');
    expect((await central.api.refused('POST', 'alerts/no-such/close', {})).code).toBe('resource.not-found');
    await primary.api.call('POST', 'alerts/strict-failed/acknowledge', { comment: 'I am on it' });
    await until(async () => (await seen())?.status.state === 'acknowledged');
    expect((await seen())?.status.comments.map(({ text }) => text)).toEqual(['I am on it']);
  });

  it('are resolved above too, and written only when something changed', async () => {
    const stamp = async () =>
      (await primary.sql.query(`select stamp from replica where kind = 'Alert' and key = 'strict-failed/PR1'`)).rows;
    const before = await stamp();
    const report = (to: Deployment, ends: 'failed' | 'succeeded') =>
      reportRun(primary, { deviceUid: device, deploymentUid: to.metadata.uid }, ends);
    await report(deployment, 'succeeded');
    await until(async () => (await seen())?.status.state === 'resolved');
    const after = await stamp();
    expect(after).not.toEqual(before);
    // Another one is told with a later look, which finds this one as it was.
    const { spec } = deployment;
    const other = await primary.api.apply<Deployment>('Deployment', 'deployments', 'other', { ...spec });
    await report(other, 'failed');
    await until(async () => (await below('?deployment=other')).length === 1);
    expect(await stamp()).toEqual(after);
  });
});
