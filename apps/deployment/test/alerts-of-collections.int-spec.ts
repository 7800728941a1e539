import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { devicesSeen } from '@muster/contracts/events/devices-seen.js';
import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { EventList } from '@muster/contracts/kinds/event.js';
import type { Resource } from '@muster/contracts/resource.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { MailReceiver } from './mail-receiver.js';
import { openWorld, type Collection, type World } from './world.js';

type Alert = Resource<AlertSpec, AlertStatus>;

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

describe('alerts of a collection about inactive devices', () => {
  let servers: TestServers;
  let receiver: MailReceiver;
  let world: World;
  let { api } = {} as World;
  const uids = new Map<string, string>();

  beforeAll(async () => {
    servers = await startServers();
    receiver = await MailReceiver.open();
    world = await openWorld(servers, {
      MUSTER_MAIL_SERVER: `smtp://127.0.0.1:${receiver.port}`,
      MUSTER_MAIL_FROM: 'muster@site.example',
      MUSTER_MAIL_TLS: 'off',
      MUSTER_MAIL_GATHER_SECONDS: '0.5',
      MUSTER_MAIL_EVERY_SECONDS: '1',
    });
    ({ api } = world);
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      const deviceUid = uuidv7();
      uids.set(name, deviceUid);
      await world.policy.publish(deviceEnrolled, {
        deviceUid,
        name,
        keyThumbprint: `key-${name}`,
        enrolledAt: daysAgo(30),
        facts: {},
        access: { state: 'approved', by: 'anna' },
      });
    }
    await hear('a', 'b', 'c', 'd');
  });

  afterAll(async () => {
    await world?.close();
    await receiver?.goAway();
    await servers?.stop();
  });

  const hear = async (...names: string[]) => {
    await world.policy.publish(devicesSeen, { at: daysAgo(0), devices: names.map((name) => uids.get(name)!) });
    await until(world.applied);
  };
  /** Nothing came of it for so long. */
  const silence = async (name: string, days: number) =>
    world.sql.query(`update device_seen set seen_at = now() - make_interval(days => $2) where device_uid = $1`, [
      uids.get(name),
      days,
    ]);
  /** The devices were counted, and the alert judged by that: both are one transaction. */
  const counted = async (uid: string) =>
    until(async () => {
      const { rows } = await world.sql.query(
        `select 1 from collection_activity where collection_uid = $1 and counted_at > now() - interval '60 seconds'`,
        [uid],
      );
      return rows.length > 0;
    });
  /** A count is good for a minute: lets it pass. */
  const aMinuteLater = async (uid: string) => {
    await world.sql.query(
      `update collection_activity set counted_at = now() - interval '61 seconds' where collection_uid = $1`,
      [uid],
    );
    await counted(uid);
  };
  const gather = async (name: string, rules: object[], percent: number | undefined) =>
    api.apply<Collection>('Collection', 'collections', name, {
      rules,
      ...(percent === undefined ? {} : { alerts: { inactiveAbovePercent: percent } }),
    });
  const alertOf = async (name: string) => {
    const { status, body } = await api.call<Alert>('GET', `alerts/${name}`);
    return status === 200 ? body : undefined;
  };
  const stateOf = async (name: string) => (await alertOf(name))?.status.state;
  const told = async (name: string) =>
    (await api.call<EventList>('GET', 'events?types=alert.*&limit=500')).body.items.filter(
      ({ data }) => data.collection === name,
    );
  const five = [...'abcde'].map((device) => ({ device }));

  it('are raised above the threshold only, told as events and by mail, and resolved when devices are heard of again', async () => {
    await api.apply('AlertSubscription', 'alert-subscriptions', 'ops', {
      addresses: 'ops@site.example',
      rules: ['collection-inactive'],
    });
    await api.apply('Device', 'devices', 'awaited', {});
    const fleet = await gather('fleet', [...five, { device: 'awaited' }], 20);
    await counted(fleet.metadata.uid);
    expect(fleet.status.members).toBe(6);
    expect(await alertOf('fleet-inactive')).toBeUndefined();

    await silence('d', 6);
    await aMinuteLater(fleet.metadata.uid);
    expect(await alertOf('fleet-inactive')).toBeUndefined();

    await silence('d', 8);
    await aMinuteLater(fleet.metadata.uid);
    const message =
      'nothing comes any more from 2 of 5 devices (40 %) of collection "fleet": more than 20 % are inactive';
    expect(await alertOf('fleet-inactive')).toMatchObject({
      metadata: { labels: { collection: 'fleet', rule: 'collection-inactive', state: 'active' } },
      spec: { subject: { kind: 'Collection', name: 'fleet', uid: fleet.metadata.uid } },
      status: { severity: 'warning', state: 'active', raised: 1, message },
    });
    await until(() => receiver.mailsTo('ops@site.example').length === 1);
    expect(receiver.mailsTo('ops@site.example')[0]?.subject).toBe(`[Muster S01] raised: ${message}`);

    await hear('d');
    await aMinuteLater(fleet.metadata.uid);
    expect(await stateOf('fleet-inactive')).toBe('resolved');
    await until(async () => (await told('fleet')).length === 2);
    expect((await told('fleet')).map(({ type, data }) => [type, data.message])).toEqual([
      ['alert.raised', message],
      ['alert.resolved', `no longer: ${message}`],
    ]);
    await until(() => receiver.mailsTo('ops@site.example').length === 2);
  });

  it('go by a new threshold at once, whenever the devices were counted', async () => {
    const fleet = await gather('strict', five, 50);
    await counted(fleet.metadata.uid);
    expect(await alertOf('strict-inactive')).toBeUndefined();
    await gather('strict', five, 0);
    await until(async () => (await stateOf('strict-inactive')) === 'active');
  });

  it('are resolved when nobody asks for them any more, and when their collection goes', async () => {
    await gather('gone', five, 0);
    await until(async () => (await stateOf('gone-inactive')) === 'active');
    await gather('gone', five, undefined);
    await until(async () => (await stateOf('gone-inactive')) === 'resolved');
    await gather('gone', five, 0);
    await until(async () => (await stateOf('gone-inactive')) === 'active');
    await api.call('DELETE', 'collections/gone');
    await until(async () => (await stateOf('gone-inactive')) === 'resolved');
  });

  it('are not raised for a collection without devices in use: an awaited computer cannot be silent', async () => {
    const none = await gather('none', [{ device: 'awaited' }], 0);
    await counted(none.metadata.uid);
    expect(await alertOf('none-inactive')).toBeUndefined();
    const blocked = await gather('blocked', [{ device: 'e' }], 0);
    await until(async () => (await stateOf('blocked-inactive')) === 'active');
    await api.call('POST', 'devices/e/block', { reason: 'stolen' });
    await aMinuteLater(blocked.metadata.uid);
    expect(await stateOf('blocked-inactive')).toBe('resolved');
    await api.call('POST', 'devices/e/unblock', {});
  });

  it('may be asked for of all devices, whose collection is built in', async () => {
    const all = await api.get<Collection>('collections/all-devices');
    const { metadata, spec } = all;
    const { name, displayName } = metadata;
    await api.apply(
      'Collection',
      'collections',
      name,
      { ...spec, alerts: { inactiveAbovePercent: 0 } },
      {
        displayName,
      },
    );
    await until(async () => (await stateOf('all-devices-inactive')) === 'active');
  });

  it.each([{}, { inactiveAbovePercent: 101 }, { inactiveAbovePercent: -1 }, { inactivePercent: 5 }])(
    'are refused as %j',
    async (alerts) => {
      const body = { rules: five, alerts };
      expect(
        await api.refused('POST', 'collections', {
          apiVersion: 'muster/v1',
          kind: 'Collection',
          metadata: { name: 'wrong' },
          spec: body,
        }),
      ).toMatchObject({ status: 400, code: 'document.invalid' });
    },
  );
});
