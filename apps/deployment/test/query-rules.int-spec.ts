import type { MemberList, MembershipExplanation } from '@muster/contracts/kinds/collection-members.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { document } from './api.js';
import { openWorld, type Collection, type World } from './world.js';

const debian: Facts = { os: { id: 'debian', versionId: '12' }, memoryMegabytes: 4096 };

describe('collections that ask for facts', () => {
  let servers: TestServers;
  let world: World;
  let { api, sql } = {} as World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api, sql } = world);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const make = async (name: string, spec: object) =>
    api.apply<Collection>('Collection', 'collections', name, { rules: [], ...spec });
  const membersOf = async (name: string) =>
    (await api.call<MemberList>('GET', `collections/${name}/members?limit=500`)).body.items.map((one) => one.name);
  const enrolled = async (name: string, facts: Facts) => {
    const uid = await world.enrol(name, undefined, facts);
    await until(async () => (await world.byUid(uid)) !== undefined);
    return uid;
  };

  it('take a device in while its facts are so, and what is made of them follows', async () => {
    await make('debian', { rules: [{ query: 'os.id == "debian" && memoryMegabytes >= 4096' }] });
    await make('not-debian', {
      limitingCollection: 'all-devices',
      rules: [{ allDevices: true }, { exclude: 'debian' }],
    });
    const uid = await enrolled('q1', debian);
    await enrolled('q2', { os: { id: 'fedora' }, memoryMegabytes: 9000 });
    expect(await membersOf('debian')).toEqual(['q1']);
    expect(await membersOf('not-debian')).toEqual(['q2']);
    await world.tellFacts(uid, { ...debian, memoryMegabytes: 2048 });
    await until(async () => (await membersOf('debian')).length === 0);
    expect(await membersOf('not-debian')).toEqual(['q1', 'q2']);
    expect((await world.byUid(uid))?.status.facts?.memoryMegabytes).toBe(2048);
    const { body } = await api.call<MembershipExplanation>('GET', 'collections/debian/members/q1');
    expect(body).toMatchObject({ member: false, reason: 'no rule lets it in' });
    await world.tellFacts(uid, debian);
    await until(async () => (await membersOf('debian')).includes('q1'));
  });

  it('reckon and find patterns, follow each fact in that, and say why there is no answer', async () => {
    const share = 'filesystems.exists(f, f.freeMegabytes * 100 / f.sizeMegabytes < 10)';
    await make('little-room', {
      rules: [{ query: share }, { query: 'machine.model.matches("(?i)^thinkpad (x1|t[0-9]+)$")' }],
    });
    const disk = (freeMegabytes: number, sizeMegabytes: number): Facts => ({
      machine: { model: 'ThinkCentre' },
      filesystems: [{ mount: '/', sizeMegabytes, freeMegabytes }],
    });
    const uid = await enrolled('q4', disk(50, 1000));
    expect(await membersOf('little-room')).toEqual(['q4']);
    await world.tellFacts(uid, disk(500, 1000));
    await until(async () => (await membersOf('little-room')).length === 0);
    await world.tellFacts(uid, { ...disk(500, 1000), machine: { model: 'THINKPAD t14' } });
    await until(async () => (await membersOf('little-room')).includes('q4'));
    await world.tellFacts(uid, disk(0, 0));
    await until(async () => (await membersOf('little-room')).length === 0);
    const { body } = await api.call<MembershipExplanation>('GET', 'collections/little-room/members/q4');
    expect(body.reason).toBe('no rule lets it in; /spec/rules/0 has no answer for it: int divide by zero');
    const preview = await api.call<{ explanation: MembershipExplanation }>('POST', 'collections/-/preview', {
      spec: { rules: [{ query: share }, { query: 'domain + "x" == "yx"' }] },
      device: 'q4',
    });
    expect(preview.body.explanation.reason).toBe(
      'no rule lets it in; it has not told what /spec/rules/1 asks; /spec/rules/0 has no answer for it: int divide by zero',
    );
  });

  it('are looked at only when a fact changes that they read', async () => {
    const uid = await enrolled('q3', debian);
    await make('reads-memory', { rules: [{ query: 'memoryMegabytes > 0' }] });
    await make('reads-domain', { rules: [{ query: 'has(facts.domain)' }] });
    // A member that nobody let in stays until somebody looks.
    await sql.query('insert into collection_member select uid, $1 from collection where name = $2', [
      uid,
      'reads-domain',
    ]);
    await world.tellFacts(uid, { ...debian, memoryMegabytes: 5000 });
    await until(async () => (await world.byUid(uid))?.status.facts?.memoryMegabytes === 5000);
    expect(await membersOf('reads-memory')).toContain('q3');
    expect(await membersOf('reads-domain')).toEqual(['q3']);
    await world.tellFacts(uid, { ...debian, domain: 'example.org' });
    await until(async () => (await world.byUid(uid))?.status.facts?.domain !== undefined);
    await world.tellFacts(uid, debian);
    await until(async () => (await membersOf('reads-domain')).length === 0);
  });

  it('are refused with every place when they cannot be asked', async () => {
    const rules = [
      { query: 'os.nmae == "x"' },
      { query: 'true' },
      { query: 'os.id.matches("(x)\\\\1")' },
      { query: 'os.id = 1' },
    ];
    const problem = await api.refused('PUT', 'collections/wrong', document('Collection', 'wrong', { rules }));
    expect(problem).toMatchObject({ status: 400, code: 'deployment.query-invalid' });
    expect(problem.findings?.[1]?.message).toContain('"\\1", at its character 4');
    expect(problem.findings?.map(({ path }) => path)).toEqual([0, 2, 3].map((index) => `/spec/rules/${index}/query`));
    const asked = await api.refused('POST', 'collections/-/preview', { spec: { rules } });
    expect(asked).toMatchObject({ status: 400, code: 'deployment.query-invalid' });
  });
});
