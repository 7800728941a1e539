import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { device as deviceKind } from '@muster/contracts/kinds/device.js';
import { retrievePolicy } from '@muster/contracts/requests/retrieve-policy.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { loadConfig } from '@muster/platform/config.js';
import { startService } from '@muster/service/start-service.js';
import { pino } from 'pino';
import { deploymentService } from '../src/deployment.service-definition.js';
import { reportRun } from './report-run.js';
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

  describe('of a computer that the site does not know', () => {
    const unknown = async (name: string, { state = 'approved', facts = {} } = {}): Promise<Device> => {
      const deviceUid = uuidv7();
      await world.policy.publish(deviceEnrolled, {
        deviceUid,
        name,
        keyThumbprint: 'key',
        enrolledAt: '2026-11-26T00:00:00Z',
        facts,
        access: { state: state as 'approved', by: 'anna', unknownComputers: true },
      });
      await until(async () => (await byUid(deviceUid)) !== undefined);
      return (await byUid(deviceUid))!;
    };
    const members = async (collection: string) =>
      (await api.call<{ items: { name: string }[] }>('GET', `collections/${collection}/members`)).body.items.map(
        ({ name }) => name,
      );
    const collection = (name: string, rules: object[], more = {}) =>
      api.apply<Collection>('Collection', 'collections', name, { rules, ...more });
    /** A run of an unknown computer, of a deployment that is gone, ends with success. */
    const succeeds = (device: Device) =>
      reportRun(world, { deviceUid: device.metadata.uid, deploymentUid: uuidv7() }, 'succeeded');
    const accessOf = async (device: Device) => (await byUid(device.metadata.uid))?.status.access?.state;

    it('lets it into the collections of unknown computers, by architecture, and into no other', async () => {
      await collection('x64-only', [{ unknownComputers: 'x64' }]);
      await collection('arm-only', [{ unknownComputers: 'arm64' }]);
      await collection('with-unknown', [{ include: 'all-unknown-computers' }, { exclude: 'arm-only' }]);
      await collection('asks', [{ query: 'os.architecture == "x64"' }, { allDevices: true }]);
      const device = await unknown('new-1', { facts: { os: { architecture: 'x64' } } });
      expect(device.status.access).toMatchObject({ state: 'unknown', by: 'anna', becomes: 'approved' });
      const inside = async (uid: string) =>
        (
          await sql.query<{ name: string }>(
            `select name from collection join collection_member on collection_uid = uid where device_uid = $1 order by 1`,
            [uid],
          )
        ).rows.map(({ name }) => name);
      expect(await inside(device.metadata.uid)).toEqual(['all-unknown-computers', 'with-unknown', 'x64-only']);
      const late = await unknown('new-2');
      expect(await inside(late.metadata.uid)).toEqual(['all-unknown-computers', 'with-unknown']);
      await world.tellFacts(late.metadata.uid, { os: { architecture: 'arm64' } });
      await until(async () => (await inside(late.metadata.uid)).includes('arm-only'));
      expect(await inside(late.metadata.uid)).toEqual(['all-unknown-computers', 'arm-only']);
      await act('block', 'new-2');
      expect(await inside(late.metadata.uid)).toEqual(['all-unknown-computers', 'arm-only']);
      // A collection that is made now finds them as one that was there did.
      expect((await collection('made-later', [{ unknownComputers: 'all' }])).status.members).toBe(2);
      expect(await api.get('collections/asks/members/new-1')).toMatchObject({
        member: false,
        reason: expect.stringContaining('unknown computer'),
      });
      expect(await members('all-devices')).not.toContain('new-1');
      expect(await api.list<Device>('devices/-/by-state?state=unknown')).toMatchObject([
        { metadata: { name: 'new-1' } },
      ]);
    });

    it('makes it a known device once a run on it has succeeded, and only then', async () => {
      const device = await unknown('new-3');
      await reportRun(world, { deviceUid: device.metadata.uid, deploymentUid: uuidv7() }, 'failed');
      await succeeds(device);
      await until(async () => (await accessOf(device)) === 'approved');
      expect(await members('all-unknown-computers')).not.toContain('new-3');
      expect(await members('all-devices')).toContain('new-3');
      const { items } = (await api.call<{ items: unknown[] }>('GET', 'events?types=device.known')).body;
      expect(items).toMatchObject([
        { data: { message: expect.stringMatching(/new-3 was an unknown .* known device/) } },
      ]);
    });

    it('has it wait for its approval then, where its token says so', async () => {
      const device = await unknown('new-4', { state: 'pending' });
      await succeeds(device);
      await until(async () => (await accessOf(device)) === 'pending');
      expect(await members('all-unknown-computers')).not.toContain('new-4');
      expect((await act('approve', 'new-4')).body.status.access?.state).toBe('approved');
    });

    it('is that of the record that waits for it, made before it came or after', async () => {
      const facts = { network: [{ name: 'eth0', mac: '00:1a:2b:3c:4d:02', addresses: [] }] };
      await api.apply('Device', 'devices', 'desk-2', { identity: { macAddresses: ['00:1a:2b:3c:4d:02'] } });
      const known = await unknown('anything', { facts });
      expect(known).toMatchObject({ metadata: { name: 'desk-2' }, status: { access: { state: 'approved' } } });
      const again = await unknown('anything-else', { facts });
      expect(again.status.access?.state).toBe('approved');

      const late = await unknown('new-5');
      await api.apply('Device', 'devices', 'desk-3', { identity: { macAddresses: ['00:1a:2b:3c:4d:03'] } });
      await world.tellFacts(late.metadata.uid, {
        network: [{ name: 'eth0', mac: '00:1a:2b:3c:4d:03', addresses: [] }],
      });
      await until(async () => (await byUid(late.metadata.uid))?.status.facts?.network !== undefined);
      await succeeds(late);
      await until(async () => (await byUid(late.metadata.uid))?.metadata.name === 'desk-3');
      expect(await members('all-unknown-computers')).not.toContain('desk-3');
    });

    it('lets people give its collection variables, and nothing else', async () => {
      const { body } = await api.call<Collection>('GET', 'collections/all-unknown-computers');
      const variables = [{ name: 'Ring', value: 'new' }];
      const change = (spec: object) =>
        api.call<Collection & { code: string }>('PUT', 'collections/all-unknown-computers', {
          ...body,
          metadata: { ...body.metadata, resourceVersion: undefined },
          spec: { ...body.spec, ...spec },
        });
      expect((await change({ variables, variablesPriority: 3 })).body.spec.variables).toEqual(variables);
      expect((await change({ variables, rules: [{ allDevices: true }] })).body.code).toBe('deployment.built-in');
    });

    it('ends when nobody has heard of it for long', async () => {
      const device = await unknown('new-6');
      await sql.query(
        `insert into device_seen (device_uid, seen_at) values ($1, now() - interval '31 days')
         on conflict (device_uid) do update set seen_at = excluded.seen_at`,
        [device.metadata.uid],
      );
      const replica = await startService(
        deploymentService,
        loadConfig(deploymentService.config, {
          ...servers.environment('deployment'),
          MUSTER_HTTP_PORT: '0',
          MUSTER_GRPC_PORT: '0',
        }),
        pino({ level: 'silent' }),
      );
      try {
        await until(async () => (await byUid(device.metadata.uid)) === undefined);
      } finally {
        await replica.close();
      }
    });
  });

  it('lets somebody call devices and the members of collections to come for policy now, over both doors', async () => {
    const called: object[] = [];
    world.policy.bus.answer(
      retrievePolicy,
      async (whom) => {
        called.push(whom);
        return {};
      },
      () => undefined,
    );
    const { metadata } = await enrol('called', 'approved');
    const made = await api.apply<Collection>('Collection', 'collections', 'to-call', { rules: [{ device: 'called' }] });
    const device = { device: metadata.uid };
    const collection = { collection: made.metadata.uid };
    expect(await act('retrieve-policy', 'called')).toMatchObject({
      status: 200,
      body: { metadata: { name: 'called' } },
    });
    expect(await api.call('POST', 'collections/to-call/retrieve-policy')).toMatchObject({ status: 200 });
    const devices = grpcClient('deployment', 'DeviceLifeService', world.grpcAddress, world.token);
    const members = grpcClient('deployment', 'MembershipService', world.grpcAddress, world.token);
    try {
      await devices.call('RetrieveDevicePolicy', { name: 'called' });
      await members.call('RetrieveMembersPolicy', { collection: 'to-call' });
    } finally {
      devices.close();
      members.close();
    }
    expect(called).toEqual([device, collection, device, collection]);
    expect((await act('rotate-key', 'called')).status).toBe(200);
    const { rows } = await world.sql.query<{ deed: string }>(
      `select actor || ' ' || action || ' ' || kind || ' ' || name as deed from audit_entry
       where uid in ('${metadata.uid}', '${made.metadata.uid}') and action in ('called', 'key-asked') order by id`,
    );
    expect(rows.map(({ deed }) => deed.replace(/^\S+ /, ''))).toEqual([
      'called Device called',
      'called Collection to-call',
      'called Device called',
      'called Collection to-call',
      'key-asked Device called',
    ]);
    await api.apply('Device', 'devices', 'not-here-yet', {});
    expect((await act('retrieve-policy', 'not-here-yet')).body.code).toBe('deployment.device-not-enrolled');
    expect((await act('retrieve-policy', 'nothing')).status).toBe(404);
  });

  it('is refused for a record without a computer, and for none', async () => {
    await api.apply('Device', 'devices', 'nobody-yet', {});
    expect((await act('block', 'nobody-yet')).body.code).toBe('deployment.device-not-enrolled');
    expect((await act('block', 'nothing')).status).toBe(404);
    expect((await act('block', 'web-2', { why: 'x' })).status).toBe(400);
  });
});
