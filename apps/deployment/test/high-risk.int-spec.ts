import { networkInterfaces } from 'node:os';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { document } from './api.js';
import { openWorld, type Deployment, type World } from './world.js';

describe('a deployment that may take systems away', () => {
  let servers: TestServers;
  let world: World;
  let { api } = {} as World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers, {
      MUSTER_HIGH_RISK_DEVICES: '1',
      MUSTER_SITE_SERVERS: 'by-name',
      MUSTER_HIGH_RISK_SERVERS: 'servers',
    });
    ({ api } = world);
    revise('wipes', { steps: [{ step: 'Wipe', type: 'FormatAndPartitionDisk', settings: {} }] });
    revise('parent', { steps: [{ group: 'Last', steps: [{ sequence: 'wipes' }] }] });
    revise('says', { steps: [{ step: 'Say', type: 'RunCommandLine', settings: { command: 'true' } }] });
    revise('marked', {
      highImpact: true,
      steps: [{ step: 'Say', type: 'RunCommandLine', settings: { command: 'true' } }],
    });
    await api.apply('Device', 'devices', 'rack', {});
    await api.apply('Collection', 'collections', 'servers', { rules: [{ device: 'rack' }] });
    for (const name of ['r1', 'r2']) await api.apply('Device', 'devices', name, {});
    await api.apply('Collection', 'collections', 'two', { rules: [{ device: 'r1' }, { device: 'r2' }] });
    await api.apply('Collection', 'collections', 'one', { rules: [{ device: 'r1' }] });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const revise = (name: string, spec: SequenceSpec): void => {
    Object.assign(world.revise(name, { wipes: 'a', parent: 'b', says: 'c', marked: 'e' }[name] ?? 'd'), { spec });
  };
  const spec = (sequence: string, collection: string, more: object = {}) => ({
    sequence,
    collection,
    purpose: 'Required',
    ...more,
  });
  const refused = async (name: string, wish: object) =>
    api.refused('PUT', `deployments/${name}`, document('Deployment', name, wish));

  it('asks for agreement to as many devices as the collection has, also when a child sequence does it', async () => {
    const problem = await refused('wide', spec('parent', 'two'));
    expect(problem).toMatchObject({
      status: 409,
      code: 'deployment.high-risk-not-agreed',
      detail: expect.stringMatching(/wipes: Wipe/),
      findings: [{ path: '/spec/agreedDevices', fix: expect.stringMatching(/agreedDevices: 2/) }],
    });
    expect(await refused('wide', spec('parent', 'two', { agreedDevices: 1 }))).toMatchObject({ status: 409 });
    const made = await api.apply<Deployment>(
      'Deployment',
      'deployments',
      'wide',
      spec('parent', 'two', { agreedDevices: 2 }),
    );
    expect(made.status.highRisk).toEqual({ steps: ['wipes: Wipe'], devices: 2, servers: 0 });
  });

  it('is refused where a device has a card of this computer, or is named as one of the site', async () => {
    const own = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ internal, mac }) => !internal && !/^[0:]*$/.test(mac))?.mac;
    const identity = own === undefined ? {} : { identity: { macAddresses: [own] } };
    await api.apply('Device', 'devices', 'main', identity);
    for (const name of ['main', 'by-name']) {
      if (name === 'by-name') await api.apply('Device', 'devices', name, {});
      else if (own === undefined) continue;
      await api.apply('Collection', 'collections', `with-${name}`, { rules: [{ device: name }] });
      expect(await refused(`wipes-${name}`, spec('wipes', `with-${name}`, { agreedDevices: 9 }))).toMatchObject({
        status: 409,
        code: 'deployment.high-risk-site-server',
        detail: expect.stringContaining(name),
      });
    }
  });

  it('asks for agreement to the servers among its devices on their own', async () => {
    await api.apply('Collection', 'collections', 'racked', { rules: [{ device: 'rack' }] });
    expect(await refused('racked', spec('wipes', 'racked'))).toMatchObject({
      code: 'deployment.high-risk-not-agreed',
      findings: [{ path: '/spec/agreedServers', fix: expect.stringMatching(/agreedServers: 1/) }],
    });
    const agreed = spec('wipes', 'racked', { agreedServers: 1 });
    const { status } = await api.apply<Deployment>('Deployment', 'deployments', 'racked', agreed);
    expect(status.highRisk).toEqual({ steps: ['wipes: Wipe'], devices: 1, servers: 1 });
  });

  it('asks for agreement to a sequence that is marked for its impact as well', async () => {
    expect(await refused('impact', spec('marked', 'two'))).toMatchObject({
      code: 'deployment.high-risk-not-agreed',
      detail: expect.stringMatching(/marked: highImpact/),
    });
  });

  it('cannot be made for metered connections, and one that was made before its sequence had such a step can be held all the same', async () => {
    expect(await refused('metered', spec('wipes', 'one', { onMetered: true }))).toMatchObject({
      status: 400,
      code: 'deployment.metered-system',
      findings: [{ path: '/spec/onMetered' }],
    });
    revise('harmless', { steps: [] });
    await api.apply<Deployment>('Deployment', 'deployments', 'metered', spec('harmless', 'one', { onMetered: true }));
    revise('harmless', { steps: [{ step: 'Wipe', type: 'FormatAndPartitionDisk', settings: {} }] });
    const held = spec('harmless', 'one', { onMetered: true, hold: 'Runs' });
    expect((await api.apply<Deployment>('Deployment', 'deployments', 'metered', held)).spec.hold).toBe('Runs');
  });

  it('is free for few devices, for sequences without risk, and while it is Available', async () => {
    const apply = (name: string, wish: object) => api.apply<Deployment>('Deployment', 'deployments', name, wish);
    expect((await apply('narrow', spec('wipes', 'one'))).status.highRisk).toEqual({
      steps: ['wipes: Wipe'],
      devices: 1,
      servers: 0,
    });
    expect((await apply('harmless', spec('says', 'two'))).status.highRisk).toBeUndefined();
    expect((await apply('offered', spec('wipes', 'two', { purpose: 'Available' }))).status.highRisk).toBeUndefined();
    // What was found says nothing of what only people start.
    const { status } = await apply('narrow', spec('wipes', 'one', { purpose: 'Available' }));
    expect(status.highRisk).toBeUndefined();
    // Made Required, it is verified as if it were new.
    expect(await refused('offered', spec('wipes', 'two'))).toMatchObject({ code: 'deployment.high-risk-not-agreed' });
    expect(await refused('everybody', spec('wipes', 'all-devices', { agreedDevices: 9 }))).toMatchObject({
      code: 'deployment.high-risk-built-in',
    });
  });
});
