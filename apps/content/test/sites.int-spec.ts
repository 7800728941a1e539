import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import { readReplication } from '@muster/contracts/requests/replication.js';
import { leafUser } from '@muster/localsite/nats.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import { freePort } from '@muster/testing/free-port.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'minio';
import { blobKey, compressedKey } from '../src/stores/object-names.js';
import { Stores } from '../src/stores/stores.js';
import { ContentUnderTest, digestOf, filesOf, Gate, sendAll } from './content-under-test.js';

const FILE_BYTES = 1_500_000;
const RATE = 6_000_000;

describe('content of a central and a primary site', () => {
  let central: ContentUnderTest;
  let primary: ContentUnderTest;
  /** What connects their buses, and what leads from the primary site to the store of the central one. */
  let bus: TcpProxy;
  let store: Gate;

  const status = async (site: ContentUnderTest, name: string): Promise<PackageStatus | undefined> => {
    const answer = await site.ask<{ status: PackageStatus }>('GET', `/packages/${name}`);
    return answer.status === 200 ? answer.body.status : undefined;
  };
  const newest = async (site: ContentUnderTest, name: string) => (await status(site, name))?.newestVersion;
  const distribute = (site: ContentUnderTest, name: string, points: string[]) =>
    site.apply('Distribution', 'distributions', name, { package: name, points });
  const inLibrary = async (site: ContentUnderTest, name: string): Promise<number> => {
    const rows = await site.app.get(Database).query(
      `select 1 from library_blob join manifest_blob using (digest) join package_version v using (manifest)
       join content_owner o on o.uid = v.package_uid where o.name = $1`,
      [name],
    );
    return rows.length;
  };
  const cut = async () => {
    bus.cut();
    await store.shut();
  };
  const heal = async () => {
    await store.open();
    bus.heal();
  };
  const update = async (site: ContentUnderTest, name: string, files: Record<string, Buffer>) => {
    const { body: plan } = await site.announce(name, filesOf(files));
    await sendAll(plan, Object.values(files));
    expect((await site.commit(name, plan.version)).status).toBe(200);
    return plan;
  };

  beforeAll(async () => {
    const settings = async (servers: ContentUnderTest['servers']) => {
      store = new Gate(servers.site.ports['store']!);
      await store.open();
      return { MUSTER_LIBRARY_ENDPOINT: store.endpoint };
    };
    central = await ContentUnderTest.start({}, { siteCode: 'CEN', links: { children: ['PR1'] }, settings });
    const { site } = central.servers;
    bus = await TcpProxy.open(await freePort(), site.ports['nats-leaf']!);
    const parent = { host: '127.0.0.1', port: bus.port, ...leafUser(site.layout, 'PR1') };
    primary = await ContentUnderTest.start(
      // Its store is taken for one that compresses nothing, as most do.
      { MUSTER_SITE_TRANSFERS: JSON.stringify({ bytesPerSecond: RATE }), MUSTER_LIBRARY_COMPRESSES: 'false' },
      { siteCode: 'PR1', links: { parent } },
    );
    await primary.applyPoint('dp-local');
    await primary.applyOwnPoint('second');
    await central.upload('before-joining', { 'a.txt': Buffer.from('made before the sites knew each other') });
    const key = ({ servers }: ContentUnderTest) =>
      new LinkKey(readFileSync(servers.environment('content')['MUSTER_LINK_KEY_FILE']!, 'utf8')).publicKey;
    const sites: HierarchySiteRecord[] = [
      { code: 'CEN', kind: 'central', parent: null, publicKey: key(central), revoked: false },
      { code: 'PR1', kind: 'primary', parent: 'CEN', publicKey: key(primary), revoked: false },
    ];
    for (const { app } of [central, primary]) {
      const replication = app.get(SiteReplication);
      await app.get(Database).transaction(async (tx) => {
        for (const one of sites) await replication.keepSite(tx, one);
      });
    }
  });

  afterAll(async () => {
    await primary?.stop();
    await central?.stop();
    await bus?.close();
    await store?.shut();
  });

  it('is known at both with its versions, and who made them; no bytes went there for it', async () => {
    await until(async () => (await newest(primary, 'before-joining')) === 1);
    const { body } = await central.ask<{ status: PackageStatus }>('GET', '/packages/before-joining');
    const [made] = body.status.versions;
    expect(await status(primary, 'before-joining')).toEqual({
      newestVersion: 1,
      versions: [{ ...made, source: 'CEN' }],
    });
    await central.apply('OsImage', 'os-images', 'debian', { description: 'an image' });
    await central.apply('Application', 'applications', 'app', {
      deploymentTypes: [
        { name: 'any', package: 'before-joining', install: { command: 'a.txt' }, detection: { file: '/x' } },
      ],
    });
    for (const path of ['/os-images/debian', '/applications/app']) {
      await until(async () => (await primary.ask('GET', path)).status === 200);
    }
    expect(await inLibrary(primary, 'before-joining')).toBe(0);
    // Nobody is sent to bytes that are not here.
    const { status: code, body: problem } = await primary.ask('POST', '/packages/before-joining/versions/1/downloads', {
      files: [digestOf(Buffer.from('made before the sites knew each other'))],
    });
    expect([code, problem.code]).toEqual([409, 'content.bytes-elsewhere']);
  });

  it('comes when a point needs it, waits while the link is cut, and goes on where it was', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`part-${index}.bin`, randomBytes(FILE_BYTES)]),
    );
    await central.upload('large', files);
    await until(async () => (await newest(primary, 'large')) === 1);
    const before = store.returnedBytes;
    await distribute(primary, 'large', ['dp-local', 'second']);
    await until(async () => (await inLibrary(primary, 'large')) >= 4);
    await cut();
    const waiting = await primary.untilProgress('large', ({ state }) => state === 'retrying');
    expect(waiting.lastError).toContain('waits for site CEN');
    const have = await inLibrary(primary, 'large');
    expect(have).toBeLessThan(12);
    expect(store.returnedBytes - before).toBeLessThan(12 * FILE_BYTES);
    const atCut = store.returnedBytes;
    await heal();
    await until(async () => (await primary.progress('large')).every(({ state }) => state === 'available'));
    expect((await primary.progress('large')).map(({ point }) => point)).toEqual(['dp-local', 'second']);
    // Only what was not here yet, and once for both points.
    const left = (12 - have) * FILE_BYTES;
    expect(store.returnedBytes - atCut).toBeGreaterThan(left);
    expect(store.returnedBytes - atCut).toBeLessThan(left + 100_000);
  });

  it('of a new version is only what changed, and goes to the points by itself; what shrinks comes compressed', async () => {
    const kept = randomBytes(1_000_000);
    await central.upload('changing', { kept, text: Buffer.from('first words\n'.repeat(200_000)) });
    await until(async () => (await newest(primary, 'changing')) === 1);
    await distribute(primary, 'changing', ['dp-local']);
    await primary.untilProgress('changing', ({ state }) => state === 'available');
    const before = store.returnedBytes;
    await update(central, 'changing', { kept, text: Buffer.from('other words\n'.repeat(200_000)) });
    await primary.untilProgress('changing', ({ version, state }) => version === 2 && state === 'available');
    expect(store.returnedBytes - before).toBeLessThan(100_000);
  });

  it('goes up compressed too, as a copy, out of a store that does not compress', async () => {
    const text = Buffer.from('from below, and often the same\n'.repeat(50_000));
    await primary.upload('from-below', { text });
    await until(async () => (await newest(central, 'from-below')) === 1);
    await central.applyPoint('dp-local');
    await distribute(central, 'from-below', ['dp-local']);
    await central.untilProgress('from-below', ({ state }) => state === 'available');
    const copy = await primary.app.get(Stores).library.stat(compressedKey(digestOf(text)));
    expect(copy!.size).toBeLessThan(text.length / 50);
  });

  it('that is not what its digest says is refused, and taken once it is right again', async () => {
    const good = randomBytes(200_000);
    await central.upload('tampered', { 'setup.bin': good });
    const { environment } = central;
    const { hostname, port } = new URL(environment['MUSTER_LIBRARY_ENDPOINT']!);
    const library = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey: environment['MUSTER_LIBRARY_ACCESS_KEY']!,
      secretKey: environment['MUSTER_LIBRARY_SECRET_KEY']!,
      region: 'us-east-1',
    });
    const put = (bytes: Buffer) =>
      library.putObject(environment['MUSTER_LIBRARY_BUCKET']!, blobKey(digestOf(good)), bytes);
    await put(randomBytes(200_000));
    await until(async () => (await newest(primary, 'tampered')) === 1);
    await distribute(primary, 'tampered', ['dp-local']);
    const refused = await primary.untilProgress('tampered', ({ state }) => state === 'retrying');
    expect(refused.lastError).toMatch(/site CEN gave .* \(content\.site-bytes-wrong\)$/);
    expect(await inLibrary(primary, 'tampered')).toBe(0);
    await put(good);
    await primary.untilProgress('tampered', ({ state }) => state === 'available');
  });

  it('uploaded at both under one number while the link was cut keeps both versions, the same ones at both', async () => {
    await central.upload('both', { 'a.txt': Buffer.from('the first') });
    await until(async () => (await newest(primary, 'both')) === 1);
    bus.cut();
    const below = await update(primary, 'both', { 'a.txt': Buffer.from('from the primary site') });
    await update(central, 'both', { 'a.txt': Buffer.from('from the central site') });
    bus.heal();
    await until(async () => (await newest(central, 'both')) === 3 && (await newest(primary, 'both')) === 3);
    const seen = async (site: ContentUnderTest, here: string) =>
      (await status(site, 'both'))!.versions.map(({ version, manifest, source }) => [
        version,
        manifest,
        source ?? here,
      ]);
    expect(await seen(primary, 'PR1')).toEqual(await seen(central, 'CEN'));
    expect((await seen(central, 'CEN'))[0]).toEqual([3, below.manifest, 'PR1']);
    // The way up is the same.
    await central.applyPoint('dp-local');
    await distribute(central, 'both', ['dp-local']);
    await central.untilProgress('both', ({ version, state }) => version === 3 && state === 'available');
  });

  it('of which one version is deleted where it was made loses that at both, and keeps the others', async () => {
    await central.upload('withdrawn', { 'a.txt': Buffer.from('the first') });
    await until(async () => (await newest(primary, 'withdrawn')) === 1);
    await distribute(primary, 'withdrawn', ['dp-local']);
    await primary.untilProgress('withdrawn', ({ state }) => state === 'available');
    // The next one waits to come.
    await primary.applyPoint('dp-local', undefined, { maintenance: true });
    await update(central, 'withdrawn', { 'a.txt': Buffer.from('the second') });
    await until(async () => (await newest(primary, 'withdrawn')) === 2);
    const remove = (site: ContentUnderTest) => site.ask('DELETE', '/packages/withdrawn/versions/2');
    expect((await remove(primary)).body.code).toBe('content.version-of-another-site');
    expect((await remove(central)).status).toBe(200);
    await until(async () => (await newest(primary, 'withdrawn')) === 1);
    expect((await primary.progress('withdrawn')).map(({ version, state }) => [version, state])).toEqual([
      [1, 'available'],
    ]);
    await primary.applyPoint('dp-local');
    // Neither site gives the number again.
    await update(primary, 'withdrawn', { 'a.txt': Buffer.from('the third') });
    await until(async () => (await newest(central, 'withdrawn')) === 3);
  });

  it('that is deleted is gone at both with its versions, and nothing is left waiting', async () => {
    await until(async () => (await newest(primary, 'before-joining')) === 1);
    expect((await primary.ask('DELETE', '/applications/app')).status).toBe(200);
    await until(async () => (await central.ask('GET', '/applications/app')).status === 404);
    expect((await primary.ask('DELETE', '/packages/before-joining')).status).toBe(200);
    await until(async () => (await status(central, 'before-joining')) === undefined);
    await central.apply('Package', 'packages', 'before-joining', {});
    await until(async () => (await status(primary, 'before-joining')) !== undefined);
    expect(await status(primary, 'before-joining')).toEqual({ versions: [] });
    for (const { app } of [central, primary]) {
      const question = () => app.get(Bus).request(readReplication('content'), {});
      await until(async () => (await question()).waitingCount === 0);
      expect((await question()).parkedCount).toBe(0);
    }
  });

  it('waits while the schedule of its site lets none of its priority come, and comes when the window is over', async () => {
    await central.upload('urgent', { 'a.bin': randomBytes(1_000) });
    await central.upload('usual', { 'b.bin': randomBytes(1_000) });
    // The administrator of the site says what may come now, and starts its service again.
    await primary.app.close();
    const to = new Date(Date.now() + 70_000);
    const time = (at: Date) => at.toISOString().slice(11, 16);
    const schedule = [{ from: time(new Date()), to: time(to), priorities: ['high'] }];
    const MUSTER_SITE_TRANSFERS = JSON.stringify({ bytesPerSecond: RATE, timeZone: 'UTC', schedule });
    const again = await ContentUnderTest.startApp({ ...primary.environment, MUSTER_SITE_TRANSFERS });
    try {
      await until(async () => (await newest(primary, 'urgent')) === 1 && (await newest(primary, 'usual')) === 1);
      await distribute(primary, 'usual', ['dp-local']);
      await primary.apply('Distribution', 'distributions', 'urgent', {
        package: 'urgent',
        points: ['dp-local'],
        priority: 'high',
      });
      await primary.untilProgress('urgent', ({ state }) => state === 'available');
      const { lastError } = await primary.untilProgress('usual', ({ state }) => state === 'retrying');
      expect(lastError).toBe(
        'waits for the bytes of site CEN: MUSTER_SITE_TRANSFERS lets nothing of this priority come now',
      );
      await until(async () => (await primary.progress('usual'))[0]?.state === 'available', 120_000);
      expect(time(new Date()) >= time(to)).toBe(true);
    } finally {
      await again.close();
    }
  }, 200_000);
});
