import { deviceCloned } from '@muster/contracts/events/device-cloned.js';
import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { devicesSeen } from '@muster/contracts/events/devices-seen.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import type { DeploymentDeviceList } from '@muster/contracts/kinds/deployment-progress.js';
import { loadConfig } from '@muster/platform/config.js';
import { startService } from '@muster/service/start-service.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { deploymentService } from '../src/deployment.service-definition.js';
import { openWorld, type Deployment, type Device, type World } from './world.js';

const facts = (last: string) => ({ machine: { uuid: `4c4c4544-0042-3510-8054-b4c04f4e${last}` } });

describe('what becomes of devices', () => {
  let servers: TestServers;
  let world: World;
  let { api, byUid } = {} as World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api, byUid } = world);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const enrol = async (name: string, told = {}, state: 'pending' | 'approved' = 'approved'): Promise<Device> => {
    const deviceUid = uuidv7();
    await world.policy.publish(deviceEnrolled, {
      deviceUid,
      name,
      keyThumbprint: 'key',
      enrolledAt: new Date().toISOString(),
      facts: told,
      access: { state, by: 'anna' },
    });
    await until(async () => (await byUid(deviceUid)) !== undefined);
    return (await byUid(deviceUid))!;
  };
  const named = (name: string) => api.get<Device>(`devices/${name}`);
  const byState = async (query: string) =>
    (await api.list<Device>(`devices/-/by-state?${query}`)).map(({ metadata }) => metadata.name);
  const act = (action: string, name: string) => api.call<Device>('POST', `devices/${name}/${action}`, {});

  it('are obsolete when their hardware enrols anew, and are not any more when they are heard of again', async () => {
    const old = await enrol('pc-1', facts('0001'));
    await enrol('pc-1', facts('0001'));
    expect((await named('pc-1')).status.obsolete).toMatchObject({ by: 'pc-1-2' });
    expect(await byState('state=obsolete')).toEqual(['pc-1']);
    await world.tellFacts(old.metadata.uid, { ...facts('0001'), hostname: 'alive' });
    await until(async () => (await byState('state=obsolete')).length === 0);
  });

  it('end when they are obsolete and nobody has heard of them for long, and only then', async () => {
    const [old, , quiet] = [
      await enrol('pc-8', facts('0008')),
      await enrol('pc-8', facts('0008')),
      await enrol('pc-9'),
    ];
    expect(await byState('state=obsolete')).toEqual(['pc-8']);
    for (const { metadata } of [old, quiet])
      await world.sql.query(
        `insert into device_seen (device_uid, seen_at) values ($1, now() - interval '91 days')
         on conflict (device_uid) do update set seen_at = excluded.seen_at`,
        [metadata.uid],
      );
    const environment = servers.environment('deployment');
    const replica = await startService(
      deploymentService,
      loadConfig(deploymentService.config, { ...environment, MUSTER_HTTP_PORT: '0', MUSTER_GRPC_PORT: '0' }),
      pino({ level: 'silent' }),
    );
    try {
      await until(async () => (await byUid(old.metadata.uid)) === undefined);
    } finally {
      await replica.close();
    }
    expect((await named('pc-8-2')).status.obsolete).toBeUndefined();
    expect(await byUid(quiet.metadata.uid)).toBeDefined();
    await api.call('DELETE', 'devices/pc-9');
  });

  it('are deleted though one of them cannot be', async () => {
    const [stuck, , other] = [
      await enrol('pc-10', facts('0010')),
      await enrol('pc-10', facts('0010')),
      await enrol('pc-11', facts('0011')),
      await enrol('pc-11', facts('0011')),
    ];
    await world.sql.query(
      `insert into device_seen (device_uid, seen_at) select uid, now() - interval '91 days' from device where uid = any($1)
       on conflict (device_uid) do update set seen_at = excluded.seen_at`,
      [[stuck.metadata.uid, other.metadata.uid]],
    );
    await world.sql.query(`create function refuse_deletion() returns trigger language plpgsql as $$
      begin raise exception 'it stays'; end $$`);
    await world.sql.query(`create trigger stays before delete on device for each row when (old.name = 'pc-10')
      execute function refuse_deletion()`);
    const environment = servers.environment('deployment');
    const replica = await startService(
      deploymentService,
      loadConfig(deploymentService.config, { ...environment, MUSTER_HTTP_PORT: '0', MUSTER_GRPC_PORT: '0' }),
      pino({ level: 'silent' }),
    );
    try {
      await until(async () => (await byUid(other.metadata.uid)) === undefined);
      expect(await byUid(stuck.metadata.uid)).toBeDefined();
    } finally {
      await replica.close();
      await world.sql.query('drop trigger stays on device');
    }
    await api.call('DELETE', 'devices/pc-10');
  });

  it('are not made obsolete by a computer that nobody has approved, until somebody does', async () => {
    await enrol('pc-2', facts('0002'));
    await enrol('pc-2', facts('0002'), 'pending');
    expect((await named('pc-2')).status.obsolete).toBeUndefined();
    expect(await byState('state=pending')).toEqual(['pc-2-2']);
    await act('approve', 'pc-2-2');
    expect((await named('pc-2')).status.obsolete).toMatchObject({ by: 'pc-2-2' });
  });

  it('go on under their record when it names the firmware and the computer was installed anew', async () => {
    const identity = { smbiosUuid: facts('0003').machine.uuid };
    await api.apply('Device', 'devices', 'pc-3', { identity, variables: [{ name: 'Ring', value: 'pilot' }] });
    const before = await enrol('anything', facts('0003'));
    const again = await enrol('anything-else', facts('0003'));
    expect([before.metadata.name, again.metadata.name]).toEqual(['pc-3', 'pc-3']);
    expect(again.spec.variables).toEqual([{ name: 'Ring', value: 'pilot' }]);
    expect(await byUid(before.metadata.uid)).toBeUndefined();
  });

  it('are merged or separated by whoever knows whether a computer is the one whose hardware it has', async () => {
    const [old, fresh] = [await enrol('pc-40', facts('0040')), await enrol('pc-40', facts('0040'))];
    expect((await named('pc-40')).status.obsolete).toMatchObject({ by: 'pc-40-2' });
    await enrol('pc-41', facts('0041'));
    expect(await api.refused('POST', 'devices/pc-41/merge', {})).toMatchObject({ code: 'deployment.other-hardware' });
    const other = { into: 'pc-40' };
    expect(await api.refused('POST', 'devices/pc-41/merge', other)).toMatchObject({
      code: 'deployment.other-hardware',
    });
    const dry = await api.call<Device>('POST', 'devices/pc-40-2/merge?dryRun=true', {});
    expect(dry.body.metadata).toMatchObject({ name: 'pc-40', uid: fresh.metadata.uid });
    expect(await byUid(old.metadata.uid)).toBeDefined();
    const { body } = await api.call<Device>('POST', 'devices/pc-40-2/merge', { reason: 'reinstalled on Monday' });
    expect(body.metadata).toMatchObject({ name: 'pc-40', uid: fresh.metadata.uid });
    expect(body.status).toMatchObject({ access: { state: 'approved', reason: 'reinstalled on Monday' } });
    expect(body.status.obsolete).toBeUndefined();
    expect(await byUid(old.metadata.uid)).toBeUndefined();
    expect((await api.call('GET', 'devices/pc-40-2')).status).toBe(404);
    const audited = await world.sql.query(`select action, details from audit_entry where name = 'pc-40-2'`);
    expect(audited.rows).toEqual([{ action: 'merged', details: { into: 'pc-40' } }]);
  });

  it('have what their new computer told of deployments when they are merged, and not what the one before told', async () => {
    const [old, fresh] = [await enrol('pc-12', facts('0012')), await enrol('pc-12', facts('0012'))];
    world.revise('tale', 'a');
    await api.apply('Collection', 'collections', 'both', { rules: [{ device: 'pc-12' }, { device: 'pc-12-2' }] });
    const spec = { sequence: 'tale', collection: 'both', purpose: 'Required' };
    const { metadata } = await api.apply<Deployment>('Deployment', 'deployments', 'for-both', spec);
    const at = '2020-01-01T00:00:00.000Z';
    const told = (deviceUid: string, number: number, reason: string) => {
      const fate = {
        acceptance: { state: 'accepted' as const, at },
        delivery: { state: 'waiting' as const, reason, at },
      };
      return { deviceUid, deploymentUid: metadata.uid, number, ...fate };
    };
    await world.policy.publish(fatesTold, {
      fates: [told(old.metadata.uid, 2, 'content'), told(fresh.metadata.uid, 1, 'window')],
    });
    await until(() => world.applied());
    await api.call('POST', 'devices/pc-12-2/merge', {});
    const { items } = (await api.call<DeploymentDeviceList>('GET', 'deployments/for-both/devices')).body;
    expect(items).toMatchObject([{ device: 'pc-12', fate: { delivery: { state: 'waiting', reason: 'window' } } }]);
    const { fates } = (await api.get<Deployment>('deployments/for-both')).status;
    expect(fates).toEqual([{ state: 'waiting', reason: 'window', devices: 1 }]);
  });

  it('stay blocked when their hardware comes back with another key', async () => {
    await enrol('pc-4', facts('0004'));
    await act('block', 'pc-4');
    const again = await enrol('innocent', facts('0004'));
    expect(again.status.access).toMatchObject({
      state: 'blocked',
      before: 'approved',
      reason: expect.stringContaining('"pc-4"'),
    });
    expect(await byState('state=blocked')).toEqual(['innocent', 'pc-4']);
  });

  it('are told apart by who has their key, until somebody says which computer it is', async () => {
    const device = await enrol('pc-5', facts('0005'));
    const hardware = 'smbios:4c4c4544-0042-3510-8054-b4c04f4effff';
    await world.policy.publish(deviceCloned, {
      deviceUid: device.metadata.uid,
      hardware,
      at: new Date().toISOString(),
    });
    await until(async () => (await byState('state=cloned')).includes('pc-5'));
    const { body } = await act('approve', 'pc-5');
    expect([body.status.cloned, body.status.hardware]).toEqual([undefined, hardware]);
    expect(await byState('state=cloned')).toEqual([]);
  });

  it('show when they were last heard of, without another version, and are found when they are silent', async () => {
    const [seen, silent] = [await enrol('pc-6'), await enrol('pc-7')];
    const day = 86_400_000;
    const at = (days: number) => new Date(Date.now() - days * day).toISOString();
    const tell = (device: Device, days: number) =>
      world.policy.publish(devicesSeen, { at: at(days), devices: [device.metadata.uid, uuidv7()] });
    await tell(seen, 1);
    await tell(silent, 9);
    await until(async () => (await named('pc-7')).status.lastSeenAt !== undefined);
    expect((await named('pc-6')).status.lastSeenAt?.slice(0, 10)).toBe(at(1).slice(0, 10));
    expect((await named('pc-6')).metadata.resourceVersion).toBe(seen.metadata.resourceVersion);
    expect(await byState('silentDays=7')).toEqual(['pc-7']);
    await tell(silent, 30);
    await tell(silent, 2);
    await until(async () => (await byState('silentDays=7')).length === 0);
  });

  it('are listed page by page, records without a computer too', async () => {
    for (const number of [1, 2, 3]) await api.apply('Device', 'devices', `later-${number}`, {});
    const page = await api.call<{ metadata: { continue: string }; items: Device[] }>(
      'GET',
      'devices/-/by-state?state=awaited&limit=2',
    );
    expect(page.body.items.map(({ metadata }) => metadata.name)).toEqual(['later-1', 'later-2']);
    expect(await byState(`state=awaited&limit=2&continue=${page.body.metadata.continue}`)).toEqual(['later-3']);
    expect((await api.refused('GET', 'devices/-/by-state?state=lost')).status).toBe(400);
    expect((await api.refused('GET', 'devices/-/by-state?continue=x')).code).toBe('request.bad-continue');
  });

  describe('where people decide who comes back', () => {
    beforeAll(async () => {
      await world.close();
      world = await openWorld(servers, { MUSTER_REINSTALLED_COMPUTERS: 'manual' });
      ({ api, byUid } = world);
    });

    it('wait with the hardware of another device until somebody says that it is that one', async () => {
      const identity = { smbiosUuid: facts('0020').machine.uuid };
      await api.apply('Device', 'devices', 'pc-20', { identity, variables: [{ name: 'Ring', value: 'pilot' }] });
      const before = await enrol('pc-20', facts('0020'));
      expect(before.status.access?.state).toBe('approved');
      const again = await enrol('fresh', facts('0020'));
      expect(again).toMatchObject({
        metadata: { name: 'fresh' },
        status: { access: { state: 'pending' }, hardwareOf: 'pc-20' },
      });
      expect((await named('pc-20')).status.obsolete).toBeUndefined();
      expect(await api.refused('POST', 'devices/fresh/approve', {})).toMatchObject({
        status: 409,
        code: 'deployment.device-reinstalled',
      });
      const { body } = await api.call<Device>('POST', 'devices/fresh/merge', {});
      expect(body).toMatchObject({
        metadata: { name: 'pc-20', uid: again.metadata.uid },
        spec: { identity, variables: [{ name: 'Ring', value: 'pilot' }] },
        status: { access: { state: 'approved' } },
      });
      expect(body.status.hardwareOf).toBeUndefined();
      expect(await byUid(before.metadata.uid)).toBeUndefined();
    });

    it('are another device, or a blocked one, when somebody says so', async () => {
      await enrol('pc-21', facts('0021'));
      const [other, thief] = [await enrol('other', facts('0021')), await enrol('thief', facts('0021'))];
      expect([other.status.hardwareOf, thief.status.hardwareOf]).toEqual(['pc-21', 'pc-21']);
      const { body } = await api.call<Device>('POST', 'devices/other/separate', {});
      expect(body).toMatchObject({ metadata: { name: 'other' }, status: { access: { state: 'approved' } } });
      expect(body.status.hardwareOf).toBeUndefined();
      expect((await named('pc-21')).status.obsolete).toMatchObject({ by: 'other' });
      await act('block', 'thief');
      expect((await named('thief')).status.access?.state).toBe('blocked');
      expect(await api.refused('POST', 'devices/thief/merge', { into: 'pc-21' })).toMatchObject({
        code: 'deployment.device-blocked',
      });
      expect((await named('pc-21')).status.access?.state).toBe('approved');
    });

    it('do not wait when their hardware is nobody else’s', async () => {
      expect((await enrol('pc-22', facts('0022'))).status.access?.state).toBe('approved');
    });
  });
});
