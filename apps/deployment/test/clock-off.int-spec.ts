import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hierarchySiteChanged } from '@muster/contracts/events/hierarchy-site-changed.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import {
  readConflicts,
  readReplication,
  settleConflict,
  verifyReplication,
} from '@muster/contracts/requests/replication.js';
import { sealingKeySchema } from '@muster/contracts/sealing.js';
import { leafUser } from '@muster/localsite/nats.js';
import { repositoryFolder } from '@muster/localsite/repository.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { freePort } from '@muster/testing/free-port.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { startProcess } from './service-process.js';
import { type Collection, openWorld, type World } from './world.js';

const HOUR = 3_600_000;

describe('a primary site whose clock is an hour ahead of that of the central site', () => {
  let servers: TestServers[] = [];
  let proxy: TcpProxy;
  let central: World;
  let primary: World;

  const publicKey = (one: TestServers) =>
    new LinkKey(readFileSync(one.environment('deployment')['MUSTER_LINK_KEY_FILE']!, 'utf8')).publicKey;
  const say = (world: World, name: string, description: string) =>
    world.api.apply<Collection>('Collection', 'collections', name, { rules: [], description });
  const said = async (world: World, name: string) =>
    (await world.api.call<Collection>('GET', `collections/${name}`)).body.spec?.description;
  const links = async (world: World) => (await world.policy.bus.request(readReplication('deployment'), {})).links;
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
    const shifted = pathToFileURL(join(repositoryFolder(), 'dist/test/hierarchy/shifted-clock.js')).href;
    primary = await openWorld(leaf, {}, (environment) =>
      startProcess(environment, { MUSTER_TEST_CLOCK_AHEAD: String(HOUR) }, ['--import', shifted]),
    );
    const { kty, crv, x } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
    const key = sealingKeySchema.parse({ kty, crv, x });
    const sites: HierarchySiteRecord[] = [
      { code: 'CAS', kind: 'central', parent: null, publicKey: publicKey(hub), revoked: false },
      { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: publicKey(leaf), revoked: false },
    ];
    for (const { policy } of [central, primary]) {
      policy.bus.answer(
        readSealingKey,
        async () => ({ key }),
        () => undefined,
      );
      for (const site of sites) await policy.publish(hierarchySiteChanged, site);
    }
  });

  afterAll(async () => {
    await primary?.close();
    await central?.close();
    await proxy?.close();
    await Promise.all(servers.map((one) => one.stop()));
  });

  it('replicates both ways, and each says of the other how far its clock is off', async () => {
    await say(primary, 'from-below', 'made an hour ahead');
    await until(async () => (await said(central, 'from-below')) === 'made an hour ahead');
    await say(central, 'from-above', 'made in time');
    await until(async () => (await said(primary, 'from-above')) === 'made in time');
    const [[below], [above]] = [await links(central), await links(primary)];
    expect([below?.state, above?.state]).toEqual(['active', 'active']);
    expect(below!.clockAheadMilliseconds / HOUR).toBeCloseTo(1, 2);
    expect(above!.clockAheadMilliseconds / HOUR).toBeCloseTo(-1, 2);
  });

  it('has its words changed by the site behind it at once, as that one has seen them', async () => {
    for (const round of [1, 2, 3]) {
      await say(primary, 'in-turns', `below ${round}`);
      await until(async () => (await said(central, 'in-turns')) === `below ${round}`);
      await say(central, 'in-turns', `above ${round}`);
      await until(async () => (await said(primary, 'in-turns')) === `above ${round}`);
    }
    expect(await conflicts(central)).toEqual([]);
  });

  it('wins over what was written later at the other one during a cut; that is kept, and written anew it wins', async () => {
    await say(central, 'both', 'before');
    await until(async () => (await said(primary, 'both')) === 'before');
    proxy.cut();
    await say(primary, 'both', 'earlier, by a clock ahead');
    await say(central, 'both', 'later, by the true clock');
    proxy.heal();
    await until(async () => (await said(central, 'both')) === 'earlier, by a clock ahead');
    await until(async () => (await conflicts(central)).length === 1 && (await conflicts(primary)).length === 1);
    const [lost] = await conflicts(central);
    expect(lost).toMatchObject({ site: 'CAS', content: { spec: { description: 'later, by the true clock' } } });
    const question = { name: lost!.name, how: 'restore', actor: 'somebody' } as const;
    expect(await central.policy.bus.request(settleConflict('deployment'), question)).toEqual({ settled: true });
    await until(async () => (await said(primary, 'both')) === 'later, by the true clock');
    await until(async () => {
      const { compared } = await central.policy.bus.request(verifyReplication('deployment'), { repair: false });
      return compared.length === 1 && compared.every(({ differences }) => differences.length === 0);
    });
  });
});
