import { status } from '@grpc/grpc-js';
import type {
  MemberList,
  MembershipExplanation,
  MembershipPreview,
} from '@muster/contracts/kinds/collection-members.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import type { CollectionSpec } from '@muster/contracts/kinds/collection.js';
import { fromStruct, type ProtobufStruct, toStruct } from '@muster/service/resources/protobuf-json.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import * as fc from 'fast-check';
import { document } from './api.js';
import { openWorld, type Collection, type World } from './world.js';

describe('collections made of collections', () => {
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
  const device = async (name: string) => api.apply('Device', 'devices', name, {});
  const named = (...names: string[]) => names.map((name) => ({ device: name }));
  const membersOf = async (name: string) =>
    (await api.call<MemberList>('GET', `collections/${name}/members?limit=500`)).body.items.map((one) => one.name);
  const factsOf = async (name: string) =>
    (
      await sql.query<{ n: string }>(
        `select count(*) as n from outbox join collection on name = $2
         where subject = $1 and payload ->> 'collectionUid' = collection.uid::text`,
        [membersChanged.subject({ site: 'S01' }), name],
      )
    ).rows.map(({ n }) => Number(n))[0];

  it('take members of others in, keep within their limit, and exclude above all', async () => {
    for (const name of ['a1', 'a2', 'a3', 'a4']) await device(name);
    await make('a-included', { rules: named('a1', 'a2', 'a3') });
    await make('a-limit', { rules: named('a1', 'a2', 'a4') });
    await make('a-excluded', { rules: named('a2') });
    const made = await make('a-all', {
      limitingCollection: 'a-limit',
      rules: [{ include: 'a-included' }, { exclude: 'a-excluded' }, ...named('a4', 'a2')],
    });
    expect(made.status.members).toBe(2);
    expect(await membersOf('a-all')).toEqual(['a1', 'a4']);
  });

  it('follow at once when what they are made of changes, over any number of steps, and tell only what changed', async () => {
    for (const name of ['b1', 'b2', 'b3']) await device(name);
    await make('b-0', { rules: named('b1', 'b2') });
    await make('b-1', { rules: [{ include: 'b-0' }] });
    await make('b-2', { limitingCollection: 'b-1', rules: [{ allDevices: true }] });
    await make('b-3', { rules: [{ allDevices: true }, { exclude: 'b-2' }], limitingCollection: 'b-0' });
    expect(await membersOf('b-2')).toEqual(['b1', 'b2']);
    expect(await membersOf('b-3')).toEqual([]);
    const [before, beforeTop] = [await factsOf('b-2'), await factsOf('b-3')];
    await make('b-0', { rules: named('b2', 'b3') });
    expect(await membersOf('b-2')).toEqual(['b2', 'b3']);
    expect(await factsOf('b-2')).toBe(before! + 2);
    // What changed below it made no difference to this one.
    expect(await factsOf('b-3')).toBe(beforeTop);
  });

  it('take in a device that appears, and lose one that goes', async () => {
    await device('c1');
    await make('c-direct', { rules: named('c1') });
    await api.call('DELETE', 'devices/c1');
    await make('c-above', { rules: [{ include: 'c-direct' }] });
    await make('c-limited', { limitingCollection: 'c-above', rules: [{ allDevices: true }] });
    await make('c-own', { limitingCollection: 'c-direct', rules: named() });
    expect(await membersOf('c-limited')).toEqual([]);
    await device('c1');
    for (const name of ['c-direct', 'c-above', 'c-limited']) expect(await membersOf(name)).toEqual(['c1']);
    await api.call('DELETE', 'devices/c1');
    for (const name of ['c-direct', 'c-above', 'c-limited']) expect(await membersOf(name)).toEqual([]);
  });

  it('are refused when they lead back to themselves or name what is not there, with every place', async () => {
    await make('d-0', {});
    await make('d-1', { rules: [{ include: 'd-0' }] });
    const circle = await api.refused(
      'PUT',
      'collections/d-0',
      document('Collection', 'd-0', { limitingCollection: 'd-0', rules: [{ exclude: 'd-1' }] }),
    );
    expect(circle).toMatchObject({ status: 400, code: 'deployment.collection-circle' });
    expect(circle.findings?.map(({ path }) => path)).toEqual(['/spec/limitingCollection', '/spec/rules/0/exclude']);
    expect(circle.detail).toContain('d-0 > d-0');
    const missing = await api.refused(
      'PUT',
      'collections/d-2',
      document('Collection', 'd-2', { limitingCollection: 'nope', rules: [{ include: 'd-0' }, { exclude: 'none' }] }),
    );
    expect(missing).toMatchObject({ status: 400, code: 'deployment.missing-reference' });
    expect(missing.findings?.map(({ path }) => path)).toEqual(['/spec/limitingCollection', '/spec/rules/1/exclude']);
  });

  it('hold what they are made of, and say so by name', async () => {
    await make('e-0', {});
    await make('e-1', { rules: [{ exclude: 'e-0' }] });
    const problem = await api.refused('DELETE', 'collections/e-0');
    expect(problem).toMatchObject({ status: 409, code: 'deployment.collection-in-use' });
    await make('e-2', { limitingCollection: 'e-0', rules: [{ include: 'e-0' }] });
    expect((await api.call<object>('GET', 'collections/e-0/uses')).body).toEqual({
      deployments: [],
      limits: ['e-2'],
      includedBy: ['e-2'],
      excludedBy: ['e-1'],
      settings: [],
    });
    expect(await api.refused('GET', 'collections/nothing/uses')).toMatchObject({ code: 'resource.not-found' });
    expect(problem.detail).toContain('"e-1"');
    await api.call('DELETE', 'collections/e-2');
    await api.call('DELETE', 'collections/e-1');
    expect((await api.call('DELETE', 'collections/e-0')).status).toBe(200);
  });

  it('show who would be in before they are saved', async () => {
    for (const name of ['f1', 'f2', 'f3']) await device(name);
    await make('f', { rules: named('f1', 'f2') });
    const asked = async (body: object) =>
      (await api.call<MembershipPreview>('POST', 'collections/-/preview', body)).body;
    const spec = { rules: [...named('f2', 'f3', 'nobody')] };
    expect(await asked({ name: 'f', spec })).toEqual({
      members: 2,
      added: 1,
      removed: 1,
      examples: { added: ['f3'], removed: ['f1'], kept: ['f2'] },
    });
    expect(await asked({ name: 'not-made', spec })).toMatchObject({ members: 2, added: 2, removed: 0 });
    expect(await asked({ spec: { rules: [] } })).toMatchObject({ members: 0, examples: { kept: [] } });
    expect((await asked({ name: 'f', spec, device: 'f1' })).explanation).toMatchObject({
      collection: 'f',
      device: 'f1',
      member: false,
      reason: 'no rule lets it in',
    });
    const wrong = await api.refused('POST', 'collections/-/preview', { spec: { rules: [{ include: 'nope' }] } });
    expect(wrong).toMatchObject({ status: 400, code: 'deployment.missing-reference' });
    await make('f-above', { rules: [{ include: 'f' }] });
    const circle = await api.refused('POST', 'collections/-/preview', {
      name: 'f',
      spec: { rules: [{ include: 'f-above' }] },
    });
    expect(circle).toMatchObject({ status: 400, code: 'deployment.collection-circle' });
    expect(circle.detail).toContain('f > f-above > f');
    expect(await membersOf('f')).toEqual(['f1', 'f2']);
  });

  it('list their members by page', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `g${index}`);
    for (const name of names) await device(name);
    await make('g', { rules: named(...names) });
    const seen: string[] = [];
    let next: string | undefined;
    do {
      const { body }: { body: MemberList } = await api.call(
        'GET',
        `collections/g/members?limit=3${next ? `&continue=${next}` : ''}`,
      );
      seen.push(...body.items.map((one) => one.name));
      next = body.metadata.continue;
    } while (next !== undefined);
    expect(seen).toEqual(names);
    expect(await api.refused('GET', 'collections/g/members?continue=rubbish')).toMatchObject({
      status: 400,
      code: 'request.bad-continue',
    });
    expect(await api.refused('GET', 'collections/nope/members')).toMatchObject({ status: 404 });
    expect(await api.refused('GET', 'collections/g/members/nope')).toMatchObject({ status: 404 });
  });

  it('answer over gRPC what they answer over REST', async () => {
    await device('k1');
    await make('k', { rules: named('k1') });
    const client = grpcClient('deployment', 'MembershipService', world.grpcAddress, world.token);
    try {
      const list = await client.call<{ items: { name: string }[] }>('ListMembers', { collection: 'k' });
      expect(list.items).toMatchObject([{ name: 'k1' }]);
      const why = await client.call<{ explanation: ProtobufStruct }>('ExplainMember', {
        collection: 'k',
        device: 'k1',
      });
      expect(fromStruct(why.explanation)).toEqual(await api.get('collections/k/members/k1'));
      const request = toStruct({ spec: { rules: [{ device: 'k1' }] }, device: 'k1' });
      const { preview } = await client.call<{ preview: ProtobufStruct }>('PreviewMembers', { request });
      expect(fromStruct(preview)).toMatchObject({ members: 1, explanation: { member: true } });
      await expect(client.call('ListMembers', { collection: 'nope' })).rejects.toMatchObject({
        code: status.NOT_FOUND,
      });
    } finally {
      client.close();
    }
    const devices = grpcClient('deployment', 'DeviceLifeService', world.grpcAddress, world.token);
    try {
      const { windows } = await devices.call<{ windows: ProtobufStruct }>('ReadDeviceWindows', {
        name: 'k1',
        minutes: 5,
      });
      const { body } = await api.call<object>('GET', 'devices/k1/windows?minutes=5');
      expect(fromStruct(windows)).toEqual({ ...body, at: expect.any(String) });
    } finally {
      devices.close();
    }
  });

  it('have the members that their rules say, however they are changed, and explain each rightly', async () => {
    const deviceNames = ['h1', 'h2', 'h3', 'h4'];
    const collections = ['h-0', 'h-1', 'h-2', 'h-3', 'h-4'];
    for (const name of deviceNames) await device(name);
    for (const name of collections) await make(name, {});
    const specs = new Map<string, CollectionSpec>(collections.map((name) => [name, { rules: [] }]));
    /** What the rules say, straight from the specification. */
    const truth = (collection: string): Set<string> => {
      const { limitingCollection, rules } = specs.get(collection)!;
      const all = new Set<string>();
      for (const rule of rules) {
        if ('device' in rule) all.add(rule.device);
        if ('allDevices' in rule) for (const name of present) all.add(name);
        if ('include' in rule) for (const name of truth(rule.include)) all.add(name);
      }
      const limit = limitingCollection === undefined ? present : truth(limitingCollection);
      const excluded = rules.flatMap((rule) => ('exclude' in rule ? [...truth(rule.exclude)] : []));
      return new Set([...all].filter((name) => present.has(name) && limit.has(name) && !excluded.includes(name)));
    };
    const present = new Set(deviceNames);
    const ours = async (name: string) => (await membersOf(name)).filter((one) => deviceNames.includes(one));
    const lower = (number: number) => fc.constantFrom(...collections.slice(0, number));
    const change = fc.oneof(
      fc.integer({ min: 0, max: 4 }).chain((number) =>
        fc.record({
          collection: fc.constant(collections[number]!),
          limitingCollection: number === 0 ? fc.constant(undefined) : fc.option(lower(number), { nil: undefined }),
          rules: fc.array(
            fc.oneof(
              fc.record({ device: fc.constantFrom(...deviceNames) }),
              fc.constant({ allDevices: true as const }),
              ...(number === 0 ? [] : [fc.record({ include: lower(number) }), fc.record({ exclude: lower(number) })]),
            ),
            { maxLength: 4 },
          ),
        }),
      ),
      fc.record({ device: fc.constantFrom(...deviceNames) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        for (const one of changes) {
          if ('device' in one) {
            if (present.delete(one.device)) await api.call('DELETE', `devices/${one.device}`);
            else {
              present.add(one.device);
              await device(one.device);
            }
          } else {
            const spec = {
              ...(one.limitingCollection === undefined ? {} : { limitingCollection: one.limitingCollection }),
              rules: one.rules.filter((rule) => !('device' in rule) || present.has(rule.device)),
            };
            specs.set(one.collection, spec);
            await make(one.collection, spec);
          }
          for (const name of collections)
            expect([name, ...(await ours(name))]).toEqual([name, ...[...truth(name)].toSorted()]);
        }
        for (const collection of collections) {
          for (const name of present) {
            const { body } = await api.call<MembershipExplanation>('GET', `collections/${collection}/members/${name}`);
            expect([collection, name, body.member]).toEqual([collection, name, truth(collection).has(name)]);
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});
