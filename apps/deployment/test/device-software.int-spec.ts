import { deviceSoftwareTold } from '@muster/contracts/events/device-software-told.js';
import type {
  MemberList,
  MembershipExplanation,
  MembershipPreview,
} from '@muster/contracts/kinds/collection-members.js';
import type { DeviceSoftware } from '@muster/contracts/kinds/device-software.js';
import { Database } from '@muster/persistence/database.js';
import type { SoftwareEntry } from '@muster/sequence/conditions/software-schema.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { SoftwareRepository } from '../src/software/software.repository.js';
import { openWorld, type Collection, type World } from './world.js';

const firefox = (version: string): SoftwareEntry => ({ name: 'firefox-esr', version, architecture: 'amd64' });
const openssl: SoftwareEntry = { name: 'openssl', version: '3.0.17-1' };
const FIREFOX_128 = 'software.exists(s, s.name == "firefox-esr" && s.version.startsWith("128"))';

describe('the software of devices', () => {
  let servers: TestServers;
  let world: World;
  let { api, sql } = {} as World;
  let database: Database;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api, sql } = world);
    const url = servers.environment('deployment')['MUSTER_DATABASE_URL'] ?? '';
    database = new Database({ url, schema: 'deployment' });
  });

  afterAll(async () => {
    await database?.close();
    await world?.close();
    await servers?.stop();
  });

  const make = async (name: string, spec: object) =>
    api.apply<Collection>('Collection', 'collections', name, { rules: [], ...spec });
  const membersOf = async (name: string) =>
    (await api.call<MemberList>('GET', `collections/${name}/members?limit=500`)).body.items.map((one) => one.name);
  const read = async (name: string) => (await api.call<DeviceSoftware>('GET', `devices/${name}/software`)).body;
  const enrolled = async (name: string) => {
    const uid = await world.enrol(name);
    await until(async () => (await world.byUid(uid)) !== undefined);
    return uid;
  };
  const tell = async (deviceUid: string, software: SoftwareEntry[], leftOut = 0) => {
    const receivedAt = new Date().toISOString();
    await world.policy.publish(deviceSoftwareTold, { deviceUid, receivedAt, software, leftOut });
    await until(() => world.applied());
  };

  it('lets a device in and out of collections that ask for it', async () => {
    await make('firefox-128', { rules: [{ query: FIREFOX_128 }] });
    await make('without-firefox', { rules: [{ query: 'software.all(s, s.name != "firefox-esr")' }] });
    const uid = await enrolled('soft-1');
    expect([await membersOf('firefox-128'), await membersOf('without-firefox')]).toEqual([[], []]);
    await tell(uid, [openssl]);
    expect(await membersOf('without-firefox')).toEqual(['soft-1']);
    await tell(uid, [openssl, firefox('128.14.0esr-1')]);
    expect([await membersOf('firefox-128'), await membersOf('without-firefox')]).toEqual([['soft-1'], []]);
    await tell(uid, [openssl, firefox('140.1.0esr-1')]);
    expect(await membersOf('firefox-128')).toEqual([]);
    expect((await read('soft-1')).software).toEqual([firefox('140.1.0esr-1'), openssl]);
  });

  it('is found of all devices when a collection is saved later, and a preview and an explanation say the same', async () => {
    await tell(await enrolled('soft-2'), [{ name: 'nginx', version: '1.26' }]);
    await enrolled('soft-3');
    const rules = [{ query: 'software.exists(s, s.name == "nginx")' }];
    const preview = await api.call<MembershipPreview>('POST', 'collections/-/preview', { spec: { rules } });
    expect(preview.body).toMatchObject({ members: 1, examples: { added: ['soft-2'] } });
    await make('web', { rules });
    expect(await membersOf('web')).toEqual(['soft-2']);
    const { body } = await api.call<MembershipExplanation>('GET', 'collections/web/members/soft-3');
    expect(body.reason).toBe('no rule lets it in; it has not told what /spec/rules/0 asks');
  });

  it('that is told again as it was writes nothing, and looks at no collection', async () => {
    const uid = await enrolled('soft-4');
    await tell(uid, [openssl, firefox('1')]);
    const state = async () =>
      (await sql.query('select xmin::text, changed_at from device_software where device_uid = $1', [uid])).rows;
    const before = await state();
    await make('reads-software', { rules: [{ query: 'software.exists(s, s.name == "none")' }] });
    // A member that nobody let in stays until somebody looks.
    await sql.query('insert into collection_member select uid, $1 from collection where name = $2', [
      uid,
      'reads-software',
    ]);
    await tell(uid, [firefox('1'), openssl]);
    expect(await state()).toEqual(before);
    expect(await membersOf('reads-software')).toEqual(['soft-4']);
    await world.tellFacts(uid, { hostname: 'soft-4', memoryMegabytes: 1 });
    await until(() => world.applied());
    expect(await membersOf('reads-software')).toEqual(['soft-4']);
    // Nor does a change of other packages than the collection names.
    await tell(uid, [firefox('2'), openssl]);
    expect(await membersOf('reads-software')).toEqual(['soft-4']);
    await tell(uid, [firefox('2'), openssl, { name: 'none', version: '1' }]);
    await tell(uid, [firefox('2'), openssl]);
    expect(await membersOf('reads-software')).toEqual([]);
  });

  it('that was cut is never said not to be there', async () => {
    const uid = await enrolled('soft-5');
    await make('cut-without', { rules: [{ query: '!software.exists(s, s.name == "edr")' }] });
    await make('cut-with', { rules: [{ query: 'software.exists(s, s.name == "openssl")' }] });
    await make('cut-few', { rules: [{ query: 'size(software) < 100' }] });
    await tell(uid, [openssl], 3);
    const of = async (device: string) =>
      Promise.all(['cut-without', 'cut-with', 'cut-few'].map(async (one) => (await membersOf(one)).includes(device)));
    expect(await of('soft-5')).toEqual([false, true, false]);
    // Of all devices at once the same.
    await make('cut-again', { rules: [{ query: '!software.exists(s, s.name == "edr")' }] });
    expect(await membersOf('cut-again')).not.toContain('soft-5');
    expect((await read('soft-5')).leftOut).toBe(3);
    const { body: why } = await api.call('GET', 'collections/cut-without/members/soft-5');
    expect(JSON.stringify(why)).toContain('its list of software was cut: 3 more are installed than it told');
    await tell(uid, [openssl]);
    expect(await of('soft-5')).toEqual([true, true, true]);
  });

  it('is the same row for all devices that have it, and is forgotten when none has it any more', async () => {
    const [one, other] = [await enrolled('soft-6'), await enrolled('soft-7')];
    const rare = { name: 'rare', version: '1' };
    const rows = async () =>
      (await sql.query(`select version from software where name = 'rare' order by version`)).rows;
    await tell(one, [rare, rare]);
    await tell(other, [rare]);
    expect(await rows()).toHaveLength(1);
    await tell(one, [{ ...rare, version: '2' }]);
    const repository = new SoftwareRepository();
    const clean = async () => database.transaction((tx) => repository.removeUnused(tx, 0, 10_000));
    await clean();
    expect(await rows()).toEqual([{ version: '1' }, { version: '2' }]);
    await api.call('DELETE', 'devices/soft-7');
    await clean();
    expect(await rows()).toEqual([{ version: '2' }]);
    expect(await database.transaction((tx) => repository.removeUnused(tx, 2 ** 30, 1))).toBeUndefined();
  });

  it('of a device that has told nothing is nothing, and of one that is not there is an error', async () => {
    await enrolled('soft-8');
    expect(await read('soft-8')).toEqual({ device: 'soft-8', software: [], leftOut: 0 });
    expect(await api.refused('GET', 'devices/nobody/software')).toMatchObject({ code: 'resource.not-found' });
  });
});
