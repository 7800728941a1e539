import { devicesSeen } from '@muster/contracts/events/devices-seen.js';
import type { NotificationResult } from '@muster/contracts/kinds/device-notification.js';
import { callDevices } from '@muster/contracts/requests/call-devices.js';
import { retrievePolicy } from '@muster/contracts/requests/retrieve-policy.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { openWorld, type Collection, type World } from './world.js';

describe('a notification', () => {
  let servers: TestServers;
  let world: World;
  const called: object[] = [];

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    for (const request of [callDevices, retrievePolicy]) {
      world.policy.bus.answer(
        request,
        async (whom) => {
          called.push(whom);
          return {};
        },
        () => undefined,
      );
    }
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const notify = (path: string, what: string) =>
    world.api.call<NotificationResult & { code?: string }>('POST', `${path}/notify`, { what });

  it('goes to a device or to the members of a collection, and says how many are connected and hear it', async () => {
    const uids = [await world.enrol('a'), await world.enrol('b'), await world.enrol('c')];
    const at = new Date().toISOString();
    const ended = { at: new Date(Date.now() - 6 * 60_000).toISOString(), process: uuidv7() };
    // b is connected; c was, to a process that says nothing any more; a polls.
    await world.policy.publish(devicesSeen, { ...ended, devices: [], opened: [uids[2]!] });
    await world.policy.publish(devicesSeen, { at, process: uuidv7(), devices: [uids[0]!], opened: [uids[1]!] });
    await until(world.applied);
    const rules = ['a', 'b', 'c'].map((device) => ({ device }));
    const { metadata } = await world.api.apply<Collection>('Collection', 'collections', 'abc', { rules });
    expect((await notify('devices/a', 'inventory')).body).toEqual({ what: 'inventory', devices: 1, connected: 0 });
    expect((await notify('devices/b', 'inventory')).body).toEqual({ what: 'inventory', devices: 1, connected: 1 });
    expect((await notify('collections/abc', 'inventory')).body).toEqual({
      what: 'inventory',
      devices: 3,
      connected: 1,
    });
    expect((await notify('collections/abc', 'policy')).body).toEqual({ what: 'policy', devices: 3, connected: 1 });
    const devices = grpcClient('deployment', 'DeviceLifeService', world.grpcAddress, world.token);
    const members = grpcClient('deployment', 'MembershipService', world.grpcAddress, world.token);
    try {
      const answer = { what: 'inventory', devices: 3, connected: 1 };
      expect(await devices.call('NotifyDevice', { name: 'b', what: 'policy' })).toMatchObject({ connected: 1 });
      expect(await members.call('NotifyMembers', { collection: 'abc', what: 'inventory' })).toMatchObject(answer);
    } finally {
      devices.close();
      members.close();
    }
    const inventory = { collection: metadata.uid, wish: 'inventory' };
    expect(called).toEqual([
      { device: uids[0], wish: 'inventory' },
      { device: uids[1], wish: 'inventory' },
      inventory,
      { collection: metadata.uid },
      { device: uids[1] },
      inventory,
    ]);
  });

  it('is in the audit record with what was wanted of whom', async () => {
    const { rows } = await world.sql.query<{ name: string; details: object }>(
      `select kind || ' ' || name as name, details from audit_entry where action = 'called' order by id limit 3`,
    );
    expect(rows).toEqual([
      { name: 'Device a', details: { what: 'inventory', devices: 1, connected: 0 } },
      { name: 'Device b', details: { what: 'inventory', devices: 1, connected: 1 } },
      { name: 'Collection abc', details: { what: 'inventory', devices: 3, connected: 1 } },
    ]);
  });

  it('is refused for nobody, for records without a computer, and for what devices do not do', async () => {
    await world.api.apply('Device', 'devices', 'paper', {});
    expect((await notify('devices/paper', 'inventory')).body.code).toBe('deployment.device-not-enrolled');
    expect((await notify('devices/none', 'inventory')).status).toBe(404);
    expect((await notify('collections/none', 'inventory')).status).toBe(404);
    expect((await notify('devices/a', 'dance')).status).toBe(400);
  });
});
