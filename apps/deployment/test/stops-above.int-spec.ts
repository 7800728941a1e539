import { until } from '@muster/testing/until.js';
import { JoinedSites } from './joined-sites.js';
import { reportRun } from './report-run.js';
import type { Deployment, Run } from './world.js';

describe('a stop of runs that is asked for at a site above', () => {
  let sites: JoinedSites;

  beforeAll(async () => {
    sites = await JoinedSites.open();
  });

  afterAll(async () => {
    await sites?.close();
  });

  it('is refused, says at which site it is to be asked for, and is done there', async () => {
    const { central, primary } = sites;
    for (const world of [central, primary]) world.revise('tale', 'a');
    const deviceUid = await primary.enrol('far');
    await until(async () => (await primary.devices()).length === 1);
    await central.api.apply('Collection', 'collections', 'all', { rules: [{ allDevices: true }] });
    await until(async () => (await primary.api.call('GET', 'collections/all')).status === 200);
    const spec = { sequence: 'tale', collection: 'all', purpose: 'Required' };
    const { metadata } = await central.api.apply<Deployment>('Deployment', 'deployments', 'wide', spec);
    await until(async () => (await primary.api.call('GET', 'deployments/wide')).status === 200);
    const uid = await reportRun(primary, { deviceUid, deploymentUid: metadata.uid }, undefined);
    const runs = () => primary.api.list<Run>('runs');
    await until(async () => (await runs()).some((run) => run.metadata.uid === uid));
    const name = (await runs())[0]?.metadata.name ?? '';

    const refusal = (body: object) => central.api.refused('POST', 'runs/-/stop', body);
    await until(async () => (await refusal({ device: 'far' })).code === 'run.of-site-below');
    expect(await refusal({ device: 'far' })).toMatchObject({
      status: 409,
      detail: expect.stringContaining('muster --site PR1 stop --device far'),
    });
    await until(async () => ((await refusal({ run: name })).detail ?? '').includes('PR1'));
    expect(await refusal({ run: name })).toMatchObject({
      status: 404,
      code: 'resource.not-found',
      detail: expect.stringContaining(`muster --site PR1 stop ${name}`),
    });
    expect((await primary.api.call('POST', 'runs/-/stop', { run: name })).status).toBe(200);
    expect((await runs())[0]?.status.stop).toMatchObject({ askedAt: expect.any(String) });
  });
});
