import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import type { DeviceSummary } from '@muster/contracts/kinds/device-summary.js';
import { devicesSeen } from '@muster/contracts/events/devices-seen.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { openWorld, type Device, type World } from './world.js';

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

describe('whether a device is there', () => {
  let servers: TestServers;
  let world: World;
  const [here, there] = [uuidv7(), uuidv7()];

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const enrol = async (name: string): Promise<string> => {
    const deviceUid = uuidv7();
    await world.policy.publish(deviceEnrolled, {
      deviceUid,
      name,
      keyThumbprint: 'key',
      enrolledAt: minutesAgo(30 * 24 * 60),
      facts: {},
      access: { state: 'approved', by: 'anna' },
    });
    await until(async () => (await world.byUid(deviceUid)) !== undefined);
    return deviceUid;
  };
  const tell = async (fact: {
    at: string;
    process?: string;
    devices?: string[];
    opened?: string[];
    closed?: string[];
  }): Promise<void> => {
    await world.policy.publish(devicesSeen, { devices: [], ...fact });
    await until(world.applied);
  };
  const presence = async (name: string) => (await world.api.get<Device>(`devices/${name}`)).status.presence;
  const listed = async (query: string) =>
    (await world.api.list<Device>(`devices/-/by-state?${query}`)).map(({ metadata }) => metadata.name);

  it('is known by what was heard of it in the last five minutes, and since when without a break', async () => {
    const device = await enrol('polls');
    expect(await presence('polls')).toMatchObject({ online: false, active: false });
    const times = [minutesAgo(8), minutesAgo(4.5), minutesAgo(1)];
    for (const at of times) await tell({ at, devices: [device] });
    expect(await presence('polls')).toEqual({ online: true, since: times[0], active: true });
    await world.sql.query(`update device_seen set seen_at = now() - interval '6 minutes' where device_uid = $1`, [
      device,
    ]);
    expect(await presence('polls')).toMatchObject({ online: false, active: true });
    const again = minutesAgo(0);
    await tell({ at: again, devices: [device] });
    expect(await presence('polls')).toEqual({ online: true, since: again, active: true });
  });

  it('is known for as long as the process that holds its connection says that it lives, without a write for the device', async () => {
    const device = await enrol('connected');
    const opened = minutesAgo(40);
    await tell({ at: opened, process: here, devices: [device], opened: [device] });
    const row = async () =>
      (await world.sql.query('select * from device_seen where device_uid = $1', [device])).rows[0];
    const before = await row();
    for (const minutes of [36, 20, 1]) await tell({ at: minutesAgo(minutes), process: here });
    // Nothing came between the 36th and the 20th minute, and nothing of the device is written: its connection was open all the time.
    expect(await presence('connected')).toEqual({ online: true, since: opened, active: true });
    expect(await row()).toEqual(before);
    const ended = minutesAgo(0);
    await tell({ at: ended, process: here, closed: [device] });
    expect(await presence('connected')).toEqual({ online: true, since: opened, active: true });
    await world.sql.query(`update device_seen set seen_at = seen_at - interval '6 minutes' where device_uid = $1`, [
      device,
    ]);
    const gone = await world.api.get<Device>('devices/connected');
    expect(gone.status.presence).toEqual({ online: false, since: gone.status.lastSeenAt, active: true });
  });

  it('is one answer when it went to another process, whichever tells first', async () => {
    const device = await enrol('moves');
    const opened = minutesAgo(9);
    await tell({ at: opened, process: here, devices: [device], opened: [device] });
    await tell({ at: minutesAgo(5), process: here });
    await tell({ at: minutesAgo(1), process: there, devices: [device], opened: [device] });
    await tell({ at: minutesAgo(0), process: here, closed: [device] });
    await world.sql.query(`update device_seen set seen_at = now() - interval '6 minutes' where device_uid = $1`, [
      device,
    ]);
    // What it is now it is by the process that has it.
    expect(await presence('moves')).toEqual({ online: true, since: opened, active: true });
  });

  it('ends with a process that says nothing any more, and what that process last said is when the device was seen', async () => {
    const [device, killed] = [await enrol('orphan'), uuidv7()];
    const last = minutesAgo(70);
    await tell({ at: minutesAgo(74), process: killed, devices: [device], opened: [device] });
    await world.policy.publish(devicesSeen, { at: last, devices: [], process: killed });
    await tell({ at: minutesAgo(0), process: there });
    expect(await presence('orphan')).toEqual({ online: false, since: last, active: true });
    const { rows } = await world.sql.query('select count(*)::int as left from policy_process where uid = $1', [killed]);
    expect(rows[0]).toEqual({ left: 0 });
  });

  it('is asked for in lists, and records without a computer are neither', async () => {
    const [near, away] = [await enrol('z-near'), await enrol('z-away')];
    await world.api.apply('Device', 'devices', 'z-paper', {});
    await tell({ at: minutesAgo(0), devices: [near] });
    await tell({ at: minutesAgo(60 * 24 * 8), devices: [away] });
    const own = (names: string[]) => names.filter((name) => name.startsWith('z-'));
    expect(own(await listed('online=true'))).toEqual(['z-near']);
    expect(own(await listed('online=false'))).toEqual(['z-away']);
    expect(own(await listed('active=true'))).toEqual(['z-near']);
    expect(own(await listed('active=false'))).toEqual(['z-away']);
    expect(await listed('online=true&active=false')).toEqual([]);
    expect(await presence('z-paper')).toBeUndefined();
    expect((await world.api.refused('GET', 'devices/-/by-state?online=maybe')).status).toBe(400);
  });

  it('is counted for all devices and for those of a collection, with each state', async () => {
    const pending = uuidv7();
    await world.policy.publish(deviceEnrolled, {
      deviceUid: pending,
      name: 'waits',
      keyThumbprint: 'key',
      enrolledAt: minutesAgo(1),
      facts: {},
      access: { state: 'pending', by: 'anna' },
    });
    await until(async () => (await world.byUid(pending)) !== undefined);
    const rules = ['z-near', 'z-away', 'z-paper'].map((device) => ({ device }));
    await world.api.apply('Collection', 'collections', 'last', { rules });
    const read = async (query = '') => (await world.api.call<DeviceSummary>('GET', `devices/-/summary${query}`)).body;
    expect(await read('?collection=last')).toMatchObject({
      total: 3,
      states: { approved: 2, awaited: 1, pending: 0 },
      inUse: { total: 2, online: 1, offline: 1, active: 1, inactive: 1, inactivePercent: 50 },
    });
    const all = await read();
    expect(all.states).toMatchObject({ pending: 1, awaited: 1 });
    expect(all.total).toBe((await world.devices()).length);
    expect(await world.api.refused('GET', 'devices/-/summary?collection=none')).toMatchObject({
      code: 'resource.not-found',
    });
  });

  it('is what another process of the service, and the next one, say too', async () => {
    const before = await presence('z-near');
    await world.close();
    world = await openWorld(servers, { MUSTER_INACTIVE_DAYS: '9' });
    expect(await presence('z-near')).toEqual(before);
    expect(await presence('z-away')).toMatchObject({ online: false, active: true });
  });
});
