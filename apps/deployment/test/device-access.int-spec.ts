import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { openWorld, type Collection, type Device, type World } from './world.js';

describe('access of devices', () => {
  let servers: TestServers;
  let world: World;
  let { api, sql, byUid } = {} as World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api, sql, byUid } = world);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const enrol = async (name: string, state: 'pending' | 'approved', facts = {}): Promise<Device> => {
    const deviceUid = uuidv7();
    await world.policy.publish(deviceEnrolled, {
      deviceUid,
      name,
      keyThumbprint: 'key',
      enrolledAt: '2026-11-26T00:00:00Z',
      facts,
      access: { state, by: 'anna' },
    });
    await until(async () => (await byUid(deviceUid)) !== undefined);
    return (await byUid(deviceUid))!;
  };
  const act = (action: string, name: string, body = {}, query = '') =>
    api.call<Device & { code: string }>('POST', `devices/${name}/${action}${query}`, body);
  const facts = async (uid: string) =>
    (
      await sql.query<{ payload: { actor: string; resource: Device } }>(
        `select payload from outbox where subject = $1 and payload -> 'resource' -> 'metadata' ->> 'uid' = $2 order by sequence`,
        [resourceEvents(deviceKind).saved.subject({ site: 'S01' }), uid],
      )
    ).rows.map(({ payload: { actor, resource } }) => [actor, resource.status.access?.state]);

  it('is what the token of the computer was good for', async () => {
    const since = expect.any(String);
    expect((await enrol('auto', 'approved')).status.access).toEqual({ state: 'approved', since, by: 'anna' });
    expect((await enrol('byhand', 'pending')).status.access).toEqual({ state: 'pending', since, by: 'anna' });
  });

  it('pending: the record that waits for the computer stays untouched until somebody approves it', async () => {
    const mac = '00:1a:2b:3c:4d:01';
    await api.apply('Device', 'devices', 'desk-1', {
      identity: { macAddresses: [mac] },
      variables: [{ name: 'Ring', value: 'pilot' }],
    });
    await api.apply('Collection', 'collections', 'desks', { rules: [{ device: 'desk-1' }] });
    const pending = await enrol('desktop-99', 'pending', { network: [{ name: 'eth0', mac, addresses: [] }] });
    expect(pending.metadata.name).toBe('desktop-99');
    expect((await api.get<Device>('devices/desk-1')).status.enrolled).toBe(false);

    const dry = await act('approve', 'desktop-99', {}, '?dryRun=true');
    expect(dry.body.metadata.name).toBe('desk-1');
    expect((await api.get<Device>('devices/desktop-99')).status.access?.state).toBe('pending');

    const { body } = await act('approve', 'desktop-99');
    expect(body).toMatchObject({
      metadata: { name: 'desk-1', uid: pending.metadata.uid },
      spec: { variables: [{ name: 'Ring' }] },
      status: { enrolled: true, access: { state: 'approved', by: expect.any(String) } },
    });
    expect((await api.refused('GET', 'devices/desktop-99')).status).toBe(404);
    expect((await api.get<Collection>('collections/desks')).status.members).toBe(1);
    expect(
      (await api.list<Device>('collections/all-devices/members')).filter((one) =>
        JSON.stringify(one).includes('desk-1'),
      ),
    ).toHaveLength(1);
  });

  it('is taken and given back, each told as a fact with who did it, and doing it again changes nothing', async () => {
    const device = await enrol('web-1', 'approved');
    const blocked = await act('block', 'web-1', { reason: 'stolen' });
    expect(blocked.body.status.access).toMatchObject({ state: 'blocked', reason: 'stolen', before: 'approved' });
    expect((await act('block', 'web-1')).body.metadata.resourceVersion).toBe(blocked.body.metadata.resourceVersion);
    expect((await act('approve', 'web-1')).body.code).toBe('deployment.device-blocked');
    expect((await act('unblock', 'web-1')).body.status.access).toMatchObject({ state: 'approved' });
    const by = blocked.body.status.access?.by;
    expect(await facts(device.metadata.uid)).toEqual([
      ['system', 'approved'],
      [by, 'blocked'],
      [by, 'approved'],
    ]);
  });

  it('lasts when the device tells its facts, or is written by hand', async () => {
    const { metadata } = await enrol('web-2', 'approved');
    await act('block', 'web-2');
    await world.tellFacts(metadata.uid, { hostname: 'other' });
    await until(async () => (await byUid(metadata.uid))?.status.facts?.hostname === 'other');
    await api.apply('Device', 'devices', 'web-2', { description: 'mine' });
    expect((await byUid(metadata.uid))?.status.access?.state).toBe('blocked');
  });

  it('is refused for a record without a computer, and for none', async () => {
    await api.apply('Device', 'devices', 'nobody-yet', {});
    expect((await act('block', 'nobody-yet')).body.code).toBe('deployment.device-not-enrolled');
    expect((await act('block', 'nothing')).status).toBe(404);
    expect((await act('block', 'web-2', { why: 'x' })).status).toBe(400);
  });
});
