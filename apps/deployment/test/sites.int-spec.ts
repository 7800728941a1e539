import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sameJson } from '@muster/contracts/digest.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import { hierarchySiteChanged } from '@muster/contracts/events/hierarchy-site-changed.js';
import { variablesChanged } from '@muster/contracts/events/variables-changed.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { compareSecrets } from '@muster/contracts/requests/compare-secrets.js';
import type { Problem } from '@muster/contracts/problem.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { readConflicts, readReplication, settleConflict } from '@muster/contracts/requests/replication.js';
import { sealingKeySchema } from '@muster/contracts/sealing.js';
import { leafUser } from '@muster/localsite/nats.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { mayMount, SmallDisk } from '@muster/testing/small-disk.js';
import type { DeviceStatus } from '@muster/contracts/kinds/device.js';
import { fromMessage, toMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { freePort } from '@muster/testing/free-port.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { document } from './api.js';
import { openWorld, type Collection, type Deployment, type Device, type World } from './world.js';

const itOnDisk = mayMount() ? it : it.skip;

describe('collections of a central and a primary site', () => {
  let servers: TestServers[] = [];
  let proxy: TcpProxy;
  let central: World;
  let primary: World;
  let sites: HierarchySiteRecord[];

  const publicKey = (one: TestServers) =>
    new LinkKey(readFileSync(one.environment('deployment')['MUSTER_LINK_KEY_FILE']!, 'utf8')).publicKey;
  const put = (world: World, name: string, spec: object) =>
    world.api.apply<Collection>('Collection', 'collections', name, spec);
  const read = async (world: World, name: string) => {
    const { status, body } = await world.api.call<Collection>('GET', `collections/${name}`);
    return status === 200 ? body : undefined;
  };
  const description = async (world: World, name: string) => (await read(world, name))?.spec.description;
  const conflicts = async (world: World) =>
    (await world.policy.bus.request(readConflicts('deployment'), { limit: 10 })).conflicts;

  beforeAll(async () => {
    const hub = await startServers({ siteCode: 'CAS', links: { children: ['PR1'] }, store: false });
    servers = [hub];
    proxy = await TcpProxy.open(await freePort(), hub.site.ports['nats-leaf']!);
    const parent = { host: '127.0.0.1', port: proxy.port, ...leafUser(hub.site.layout, 'PR1') };
    const leaf = await startServers({ siteCode: 'PR1', links: { parent }, store: false });
    servers.push(leaf);
    central = await openWorld(hub);
    primary = await openWorld(leaf);
    await put(central, 'before-joining', { rules: [] });
    const { kty, crv, x } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
    const key = sealingKeySchema.parse({ kty, crv, x });
    sites = [
      { code: 'CAS', kind: 'central', parent: null, publicKey: publicKey(hub), revoked: false },
      { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: publicKey(leaf), revoked: false },
    ];
    for (const { policy } of [central, primary]) {
      const ignore = () => undefined;
      policy.bus.answer(readSealingKey, async () => ({ key }), ignore);
      policy.bus.answer(compareSecrets, async ({ pairs }) => ({ same: pairs.map(() => false) }), ignore);
      for (const site of sites) await policy.publish(hierarchySiteChanged, site);
    }
  });

  afterAll(async () => {
    await central?.close();
    await primary?.close();
    await proxy?.close();
    await Promise.all(servers.map((one) => one.stop()));
  });

  it('are at both, what was there before they were joined too', async () => {
    await until(async () => (await read(primary, 'before-joining')) !== undefined);
    await put(primary, 'made-below', { rules: [{ allDevices: true }] });
    await until(async () => (await read(central, 'made-below')) !== undefined);
  });

  it('have their own members at each site, of rules that may name what only one of them knows', async () => {
    await primary.enrol('only-at-pr1');
    await until(async () => (await primary.devices()).length === 1);
    await put(primary, 'one-device', { rules: [{ device: 'only-at-pr1' }] });
    await until(async () => (await read(central, 'one-device')) !== undefined);
    expect((await read(primary, 'one-device'))?.status).toEqual({ members: 1 });
    // The site above is told how many there are at each.
    const above = { members: 0, sites: [{ site: 'PR1', members: 1 }] };
    await until(async () => sameJson((await read(central, 'one-device'))?.status, above));
    // What it told of itself is no news of a site below it.
    expect((await read(primary, 'one-device'))?.status).toEqual({ members: 1 });
  });

  it('may name at the site above what only a site below has; a name that nobody has is refused there too', async () => {
    const told = () => central.api.list<Device>('devices/-/below?site=PR1');
    await until(async () => (await told()).some(({ metadata }) => metadata.name === 'only-at-pr1'));
    await put(central, 'picked-above', { rules: [{ device: 'only-at-pr1' }] });
    await until(async () => (await read(primary, 'picked-above'))?.status.members === 1);
    const document_ = document('Collection', 'picked-badly', { rules: [{ device: 'nowhere' }] });
    const refused = await central.api.call<Problem>('PUT', 'collections/picked-badly', document_);
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      expect.any(Number),
      expect.stringContaining('nowhere'),
    ]);
    expect(refused.status).toBeGreaterThanOrEqual(400);
  });

  it('bring their hidden variables along, sealed, and tell policy of them', async () => {
    const variables = [
      { name: 'Ring', value: 'pilot' },
      { name: 'Token', hidden: true, value: 'a secret' },
    ];
    const made = await put(central, 'with-variables', { rules: [], variables });
    await until(async () => (await read(primary, 'with-variables')) !== undefined);
    expect((await read(primary, 'with-variables'))?.spec).toEqual(made.spec);
    const told = await Promise.all(
      [central, primary].map(async ({ sql }, index) => {
        const subject = variablesChanged.subject({ site: ['CAS', 'PR1'][index]! });
        const { rows } = await sql.query<{ variables: unknown }>(
          `select payload -> 'variables' as variables from outbox
           where subject = $1 and payload -> 'owner' ->> 'name' = 'with-variables'`,
          [subject],
        );
        return rows;
      }),
    );
    expect(told[0]).toHaveLength(1);
    expect(told[1]).toEqual(told[0]);
  });

  it('that another one limits wait for it, visibly, and are there once it is', async () => {
    proxy.cut();
    await put(central, 'above', { rules: [] });
    await put(central, 'limited', { rules: [], limitingCollection: 'above' });
    // Written again, the limiting one comes later in the feed than what it limits.
    await put(central, 'above', { rules: [], description: 'again' });
    proxy.heal();
    await until(async () => (await read(primary, 'limited')) !== undefined);
    const { waiting, waitingCount, parkedCount, links } = await primary.policy.bus.request(
      readReplication('deployment'),
      {},
    );
    expect([waiting, waitingCount, parkedCount]).toEqual([[], 0, 0]);
    expect(links).toEqual([expect.objectContaining({ peer: 'CAS', state: 'active' })]);
  });

  it('edited at both while the link was cut have one winner; what lost can be seen and written anew', async () => {
    await put(central, 'both', { rules: [] });
    await until(async () => (await read(primary, 'both')) !== undefined);
    proxy.cut();
    await put(central, 'both', { rules: [], description: 'central says' });
    await put(primary, 'both', { rules: [], description: 'primary says' });
    proxy.heal();
    await until(async () => (await description(central, 'both')) === 'primary says');
    await until(async () => (await conflicts(primary)).length === 1 && (await conflicts(central)).length === 1);
    const [conflict] = await conflicts(central);
    expect(conflict).toMatchObject({
      kind: 'Collection',
      key: 'both',
      site: 'CAS',
      content: { spec: { description: 'central says' } },
      current: { spec: { description: 'primary says' } },
    });
    const question = { name: conflict!.name, how: 'restore', actor: 'somebody' } as const;
    const settled = await central.policy.bus.request(settleConflict('deployment'), question);
    expect(settled).toEqual({ settled: true });
    await until(async () => (await description(primary, 'both')) === 'central says');
    await until(async () => (await conflicts(primary)).length === 0);
    expect(await conflicts(central)).toEqual([]);
    expect(await central.policy.bus.request(settleConflict('deployment'), question)).toEqual({ settled: false });
  });

  it('are deployed to from one site at all: where the sequence is not known yet, the deployment waits and says so', async () => {
    await put(central, 'fleet', { rules: [{ allDevices: true }] });
    central.revise('harden', 'a');
    const spec = { sequence: 'harden', collection: 'fleet', purpose: 'Required' };
    await central.api.apply('Deployment', 'deployments', 'harden-all', spec);
    const replication = () => primary.policy.bus.request(readReplication('deployment'), {});
    await until(async () => (await replication()).waitingCount === 1);
    expect((await replication()).waiting).toEqual([
      expect.objectContaining({ kind: 'Deployment', key: 'harden-all', code: 'deployment.missing-reference' }),
    ]);
    primary.revise('harden', 'a');
    const deployed = async () => (await primary.api.call<Deployment>('GET', 'deployments/harden-all')).body;
    await until(async () => (await deployed()).status?.devices?.targeted === 1);
    expect((await replication()).waitingCount).toBe(0);
    // Made anew for other computers: no change leads there, and the other site has it so all the same.
    await central.api.call('DELETE', 'deployments/harden-all');
    await central.api.apply('Deployment', 'deployments', 'harden-all', { ...spec, collection: 'one-device' });
    await until(async () => (await deployed()).spec?.collection === 'one-device');
    const results = [{ site: 'PR1', members: 1, succeeded: 0, failed: 0 }];
    const above = async () => (await central.api.call<Deployment>('GET', 'deployments/harden-all')).body.status?.sites;
    await until(async () => sameJson(await above(), results));
    expect((await deployed()).status.sites).toBeUndefined();
    // And of what devices there wait for.
    const [device] = await primary.devices();
    const at = '2026-11-27T00:00:00Z';
    const fate = {
      acceptance: { state: 'accepted', at },
      delivery: { state: 'waiting', reason: 'window', at },
    } as const;
    const of = { deviceUid: device!.metadata.uid, deploymentUid: (await deployed()).metadata.uid, number: 1 };
    await primary.policy.publish(fatesTold, { fates: [{ ...of, ...fate }] });
    const waits = [{ ...results[0], fates: [{ state: 'waiting', reason: 'window', devices: 1 }] }];
    await until(async () => sameJson(await above(), waits));
  });

  it('beside them: devices are seen above with what they told, and what is wanted of them is written there too', async () => {
    const uid = await primary.enrol('laptop', undefined, { os: { id: 'debian', versionId: '12' } });
    const below = () => central.api.list<Device>('devices/-/below?site=PR1&state=approved');
    const laptop = async () => (await below()).find(({ metadata }) => metadata.name === 'laptop');
    await until(async () => (await laptop()) !== undefined);
    const seen = (await laptop())!;
    expect(seen).toMatchObject({ metadata: { uid }, status: { site: 'PR1', facts: { os: { versionId: '12' } } } });
    expect(await central.devices()).toEqual([]);
    expect((await central.api.refused('GET', 'devices/-/below/PR2/laptop')).code).toBe('hierarchy.no-such-site');

    const variables = [
      { name: 'Ring', value: 'pilot' },
      { name: 'Token', hidden: true, value: 'a secret' },
    ];
    const wanted = { ...seen, spec: { description: 'written above', variables } };
    const made = await central.api.call<Device>('PUT', 'devices/-/below/PR1/laptop', wanted);
    expect(made.status).toBe(200);
    const here = async () => (await primary.api.call<Device>('GET', 'devices/laptop')).body;
    await until(async () => (await here()).spec.description === 'written above');
    expect((await here()).spec).toEqual(made.body.spec);
    const told = await primary.sql.query<{ names: string[] }>(
      `select array(select jsonb_array_elements(payload -> 'variables') ->> 'name') as names from outbox
       where subject = $1 and payload -> 'owner' ->> 'name' = 'laptop'`,
      [variablesChanged.subject({ site: 'PR1' })],
    );
    expect(told.rows).toEqual([{ names: ['Ring', 'Token'] }]);
    const stale = await central.api.refused('PUT', 'devices/-/below/PR1/laptop', wanted);
    expect(stale.code).toBe('resource.stale-version');

    await primary.tellFacts(uid, { hostname: 'laptop', os: { id: 'debian', versionId: '13' } });
    await until(async () => (await laptop())?.status.facts?.os?.versionId === '13');
    expect((await laptop())?.spec).toEqual(made.body.spec);
    const client = grpcClient('deployment', 'DeviceLifeService', central.grpcAddress, central.token);
    try {
      const request = { site: 'PR1', name: 'laptop' };
      const { metadata, status } = await client.call<ResourceMessage>('GetDeviceBelow', request);
      expect([metadata?.uid, (fromMessage({ status }) as { status: DeviceStatus }).status.site]).toEqual([uid, 'PR1']);
      const { items } = await client.call<{ items: ResourceMessage[] }>('ListDevicesBelow', { site: 'PR1' });
      expect(items.map((one) => one.metadata?.name)).toContain('laptop');
      const resource = toMessage({ ...made.body, spec: { ...made.body.spec, description: 'over gRPC' } });
      const again = await client.call<ResourceMessage>('ApplyDeviceBelow', { site: 'PR1', resource });
      expect((fromMessage(again) as unknown as Device).spec.description).toBe('over gRPC');
    } finally {
      client.close();
    }
    await until(async () => (await here()).spec.description === 'over gRPC');
    await primary.api.call('DELETE', 'devices/laptop');
    await until(async () => (await laptop()) === undefined);
  });

  it('that are deleted at one site are gone at the other, with their variables', async () => {
    const { status } = await primary.api.call('DELETE', 'collections/with-variables');
    expect(status).toBe(200);
    await until(async () => (await read(central, 'with-variables')) === undefined);
    const { rows } = await central.sql.query('select 1 from sealed_variable');
    expect(rows).toEqual([]);
    const audited = await central.sql.query<{ actor: string }>(
      `select actor from audit_entry where name = 'with-variables' and action = 'deleted'`,
    );
    expect(audited.rows).toEqual([{ actor: 'site:PR1' }]);
  });

  itOnDisk('go on while the disk of a bus is full; services hear from the database what it cannot hold', async () => {
    const [hub] = servers;
    const { site } = hub!;
    const streams = join(site.layout.nats, 'jetstream');
    const disk = SmallDisk.mount(2 * 1024 * 1024);
    await site.supervisor.stop('nats');
    rmSync(streams, { recursive: true, force: true });
    symlinkSync(disk.folder, streams);
    await hub!.restartBus();
    disk.fill();
    try {
      expect(disk.freeBytes).toBe(0);
      const [made, above, below] = await Promise.all([
        central.enrol('made-on-a-full-disk'),
        put(central, 'full-above', { rules: [{ allDevices: true }] }),
        put(primary, 'full-below', { rules: [] }),
      ]);
      await until(async () => (await central.byUid(made)) !== undefined);
      await until(async () => (await read(primary, above.metadata.name)) !== undefined);
      await until(async () => (await read(central, below.metadata.name)) !== undefined);
      expect(disk.freeBytes).toBe(0);
    } finally {
      await site.supervisor.stop('nats');
      rmSync(streams);
      disk.unmount();
      await hub!.restartBus();
    }
    await put(central, 'after-the-full-disk', { rules: [] });
    await until(async () => (await read(primary, 'after-the-full-disk')) !== undefined);
  });

  it('are refused at a secondary site, which says where to write them', async () => {
    await until(async () => (await read(primary, 'before-joining')) !== undefined);
    const { kind: _kind, ...own } = sites[1]!;
    await primary.policy.publish(hierarchySiteChanged, { ...own, kind: 'secondary' });
    let attempts = 0;
    const refused = () => {
      const name = `made-there-${(attempts += 1)}`;
      return primary.api.call<Problem>('PUT', `collections/${name}`, document('Collection', name, { rules: [] }));
    };
    await until(async () => (await refused()).status === 409);
    const { code, detail } = (await refused()).body;
    expect([code, detail]).toEqual([
      'hierarchy.written-above',
      'This cannot be written here: site PR1 is a secondary one: write it at CAS or above. What is written there comes here by itself',
    ]);
    const deleted = await primary.api.refused('DELETE', 'collections/before-joining');
    expect(deleted.code).toBe('hierarchy.written-above');
    expect(await read(primary, 'before-joining')).toBeDefined();
  });
});
