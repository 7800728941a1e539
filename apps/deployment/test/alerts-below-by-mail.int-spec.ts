import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { Resource } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { JoinedSites } from './joined-sites.js';
import { MailReceiver } from './mail-receiver.js';
import type { World } from './world.js';

type Alert = Resource<AlertSpec, AlertStatus>;

describe('a subscription at a central site', () => {
  let receiver: MailReceiver;
  let sites: JoinedSites;
  let central: World;
  let primary: World;

  beforeAll(async () => {
    receiver = await MailReceiver.open();
    sites = await JoinedSites.open({
      MUSTER_MAIL_SERVER: `smtp://127.0.0.1:${receiver.port}`,
      MUSTER_MAIL_FROM: 'muster@site.example',
      MUSTER_MAIL_TLS: 'off',
      MUSTER_MAIL_GATHER_SECONDS: '0',
      MUSTER_MAIL_EVERY_SECONDS: '0',
    });
    ({ central, primary } = sites);
    for (const { revise } of [central, primary]) revise('tale', 'a');
    await primary.enrol('one');
    await until(async () => (await primary.api.call('GET', 'devices/one')).status === 200);
    await primary.api.apply('Collection', 'collections', 'fleet', { rules: [{ allDevices: true }] });
    const subscribe = (name: string, spec: object) =>
      central.api.apply('AlertSubscription', 'alert-subscriptions', name, {
        addresses: `${name}@ops.example`,
        ...spec,
      });
    await subscribe('all', {});
    await subscribe('own', { sites: ['CAS'] });
    await subscribe('theirs', { sites: ['PR1'], crossings: ['resolved'] });
  });

  afterAll(async () => {
    await sites?.close();
    await receiver?.goAway();
  });

  const deploy = (name: string, holds: boolean) =>
    primary.api.apply('Deployment', 'deployments', name, {
      sequence: 'tale',
      collection: 'fleet',
      purpose: 'Required',
      ...(holds ? { alerts: { succeeded: { percent: 50, by: '2026-01-01T00:00:00Z' } } } : {}),
    });
  const told = (name: string) => receiver.mailsTo(`${name}@ops.example`).map(({ subject }) => subject.slice(0, 60));
  const seen = async (name: string) =>
    (await central.api.call<Alert>('GET', `alerts/-/below/PR1/${name}`)).body.status?.state;

  it('is told of alerts of the site below, with their site, once for each crossing', async () => {
    await deploy('strict', true);
    await until(() => told('all').length === 1, 40_000);
    expect(told('all')[0]).toMatch(/^\[Muster CAS, of PR1\] raised: deployment/);
    expect(receiver.taken[0]!.text).toContain('muster --site CAS alert describe strict-succeeded --of PR1');
    // What somebody says of it changes what is told upward, and is no crossing.
    await primary.api.call('POST', 'alerts/strict-succeeded/acknowledge', { comment: 'I am on it' });
    await until(async () => (await seen('strict-succeeded')) === 'acknowledged', 40_000);
    await deploy('strict', false);
    await until(() => told('all').length === 2 && told('theirs').length === 1, 40_000);
    expect(told('all')[1]).toMatch(/^\[Muster CAS, of PR1\] resolved: deployment/);
    expect(told('theirs')[0]).toMatch(/^\[Muster CAS, of PR1\] resolved: deployment/);
    expect(told('own')).toEqual([]);
  });

  it('is told of what happened while the sites did not hear of each other', async () => {
    sites.link.cut();
    await deploy('away', true);
    const here = async () => (await primary.api.call<Alert>('GET', 'alerts/away-succeeded')).body.status?.state;
    await until(async () => (await here()) === 'active', 40_000);
    await deploy('away', false);
    await until(async () => (await here()) === 'resolved', 40_000);
    const before = receiver.mailsTo('all@ops.example').length;
    sites.link.heal();
    await until(() => receiver.mailsTo('all@ops.example').length > before, 60_000);
    // Both came together: the last is told, and that there were two.
    expect(receiver.mailsTo('all@ops.example').at(-1)!.text).toMatch(
      /^RESOLVED {2}warning {2}away-succeeded of site PR1\n(.*\n){1}.*it was raised or resolved 2 times/,
    );
  });

  it('is data of its own site', async () => {
    expect(await primary.api.list('alert-subscriptions')).toEqual([]);
    expect((await central.api.list('alert-subscriptions')).length).toBe(3);
    const { rows } = await central.sql.query(`select 1 from replica where kind = 'AlertSubscription'`);
    expect(rows).toEqual([]);
  });
});
