import type { DeviceImportResult, ImportedDevice } from '@muster/contracts/kinds/device-import.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { document } from './api.js';
import { openWorld, type Collection, type Device, type World } from './world.js';

const uuid = (last: string) => `4c4c4544-0042-3510-8054-b4c04f4e${last}`;
const mac = (last: string) => `00:1a:2b:3c:4d:${last}`;
/** Of an adapter that is passed around. */
const SHARED = '00:e0:4c:00:00:01';
const card = (last: string) => [{ name: 'eth0', mac: mac(last), addresses: [] }];

describe('records that know their hardware', () => {
  let servers: TestServers;
  let world: World;
  let { api, sql, byUid, enrol, tellFacts } = {} as World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers, { MUSTER_SHARED_HARDWARE: `${SHARED.replaceAll(':', '-')}, ` });
    ({ api, sql, byUid, enrol, tellFacts } = world);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const importList = async (devices: ImportedDevice[], query = '') =>
    (await api.call<DeviceImportResult>('POST', `devices/-/import${query}`, { devices })).body.results;
  const enrolled = async (name: string, facts = {}): Promise<Device> => {
    const uid = await enrol(name, undefined, facts);
    await until(async () => (await byUid(uid)) !== undefined);
    return (await byUid(uid))!;
  };
  const membersOf = async (name: string) => (await api.get<Collection>(`collections/${name}`)).status.members;

  it('go to the computer with that hardware, whatever its name, with variables and collections', async () => {
    await importList([
      { name: 'front-1', identity: { smbiosUuid: uuid('0001') }, variables: [{ name: 'Ring', value: 'pilot' }] },
    ]);
    await api.apply('Collection', 'collections', 'fronts', { rules: [{ device: 'front-1' }] });
    const device = await enrolled('desktop-4711', { machine: { uuid: uuid('0001').toUpperCase() } });
    expect(device).toMatchObject({
      metadata: { name: 'front-1' },
      spec: { variables: [{ name: 'Ring', value: 'pilot' }] },
      status: { enrolled: true },
    });
    expect(await membersOf('fronts')).toBe(1);
  });

  it('do not go to a computer of their name that has other hardware', async () => {
    await importList([{ name: 'front-2', identity: { macAddresses: [mac('02')] } }]);
    const other = await enrolled('front-2', { network: card('99') });
    expect(other.metadata.name).toBe('front-2-2');
    const real = await enrolled('anything', { network: card('02') });
    expect(real.metadata.name).toBe('front-2');
  });

  it('keep their hardware when they are saved again, and give it up when they say so', async () => {
    const identity = { macAddresses: [mac('03')] };
    await api.apply('Device', 'devices', 'front-3', { identity });
    await api.apply('Device', 'devices', 'front-3', { identity, description: 'left' });
    expect(await api.refused('POST', 'devices', document('Device', 'thief', { identity }))).toMatchObject({
      status: 409,
      code: 'deployment.hardware-taken',
      findings: [{ path: '/spec/identity/macAddresses/0', message: expect.stringContaining('"front-3"') }],
    });
    await api.apply('Device', 'devices', 'front-3', { description: 'left' });
    await api.apply('Device', 'devices', 'heir', { identity });
    expect((await enrolled('x', { network: card('03') })).metadata.name).toBe('heir');
  });

  it('cannot both have the same hardware, even when they are saved at the same moment', async () => {
    const identity = { smbiosUuid: uuid('0004') };
    for (const name of ['race-1', 'race-2']) await api.apply('Device', 'devices', name, {});
    const answers = await Promise.all(
      ['race-1', 'race-2'].map((name) => api.call('PUT', `devices/${name}`, document('Device', name, { identity }))),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  it('are not known by what several computers of the site have, and cannot name it', async () => {
    const shared = [{ name: 'dock', mac: SHARED.toUpperCase(), addresses: [] }];
    for (const name of ['docked-1', 'docked-2']) {
      const uid = await world.enrol(name, undefined, { network: shared });
      await until(async () => (await byUid(uid)) !== undefined);
      expect((await byUid(uid))?.metadata.name).toBe(name);
    }
    expect((await api.get<Device>('devices/docked-1')).status.obsolete).toBeUndefined();
    const wrong = document('Device', 'docked-3', { identity: { macAddresses: [SHARED] } });
    expect(await api.refused('PUT', 'devices/docked-3', wrong)).toMatchObject({
      status: 400,
      code: 'deployment.hardware-shared',
    });
  });

  it('learn what the computer tells of itself later', async () => {
    const device = await enrolled('learner', { network: card('05') });
    await tellFacts(device.metadata.uid, { network: card('06') });
    const told = async () =>
      (
        await sql.query<{ hardware: string }>('select hardware from device_hardware where device_uid = $1', [
          device.metadata.uid,
        ])
      ).rows
        .map(({ hardware }) => hardware)
        .join();
    await until(async () => (await told()) === `mac:${mac('06')}`);
  });

  describe('in lists', () => {
    const line: ImportedDevice = {
      name: 'list-1',
      identity: { macAddresses: [mac('11')] },
      labels: { room: 'a' },
      description: 'one',
      variables: [{ name: 'Ring', value: 'pilot' }],
    };

    it('are judged without a trace by a dry run, then made, then unchanged', async () => {
      const devices = async () => (await world.devices()).length;
      const before = await devices();
      expect((await importList([line], '?dryRun=true')).map(({ outcome }) => outcome)).toEqual(['created']);
      expect(await devices()).toBe(before);
      expect((await importList([line])).map(({ outcome }) => outcome)).toEqual(['created']);
      expect((await importList([line])).map(({ outcome }) => outcome)).toEqual(['unchanged']);
      expect(await devices()).toBe(before + 1);
    });

    it('keep on a record that exists what the list does not say', async () => {
      await api.apply(
        'Device',
        'devices',
        'kept',
        { description: 'mine', variables: [{ name: 'A', value: '1' }] },
        { labels: { team: 'x' } },
      );
      const [result] = await importList([
        { name: 'kept', labels: { room: 'b' }, variables: [{ name: 'B', value: '2' }] },
      ]);
      expect(result?.outcome).toBe('changed');
      expect(await api.get<Device>('devices/kept')).toMatchObject({
        metadata: { labels: { team: 'x', room: 'b' } },
        spec: { description: 'mine', variables: [{ name: 'A' }, { name: 'B' }] },
      });
    });

    it('are refused one by one where others have their hardware, and hold no other back', async () => {
      const results = await importList([
        { name: 'list-3', identity: { macAddresses: [mac('11')] } },
        { name: 'list-4', identity: { macAddresses: [mac('12')] } },
        { name: 'list-5', identity: { macAddresses: [mac('12')] } },
        { name: 'list-4' },
      ]);
      expect(results.map(({ outcome, code }) => [outcome, code])).toEqual([
        ['refused', 'deployment.hardware-taken'],
        ['created', undefined],
        ['refused', 'deployment.hardware-taken'],
        ['refused', 'resource.name-taken'],
      ]);
    });

    it('enter the collections that want them, each told once for all', async () => {
      const all = await api.get<Collection>('collections/all-devices');
      await api.apply('Collection', 'collections', 'many-direct', { rules: [{ device: 'list-1' }] });
      await api.apply('Collection', 'collections', 'many-above', {
        limitingCollection: 'all-devices',
        rules: [{ allDevices: true }],
      });
      const above = await membersOf('many-above');
      const many = Array.from({ length: 300 }, (_, index) => ({ name: `many-${index}` }));
      await importList(many);
      expect(await membersOf('all-devices')).toBe(all.status.members + 300);
      expect(await membersOf('many-above')).toBe(above + 300);
      const { rows } = await sql.query<{ added: number }>(
        `select json_array_length(payload::json -> 'added') as added from outbox
         where payload ->> 'collectionUid' = $1 order by sequence desc limit 1`,
        [all.metadata.uid],
      );
      expect(rows[0]?.added).toBe(300);
    });
  });
});
