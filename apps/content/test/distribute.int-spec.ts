import { randomBytes } from 'node:crypto';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import type { DistributionPointStatus } from '@muster/contracts/kinds/distribution-point.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'minio';
import { ContentUnderTest, digestOf, filesOf, sendAll } from './content-under-test.js';

describe('content', () => {
  let content: ContentUnderTest;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    await content.applyPoint('dp-local');
  });

  afterAll(async () => {
    await content?.stop();
  });

  function status<Status>(plural: string, name: string): Promise<Status> {
    return content.ask<{ status: Status }>('GET', `/${plural}/${name}`).then(({ body }) => body.status);
  }

  it('goes from an upload to a point and from there to whoever is told where', async () => {
    const files = {
      'install.sh': Buffer.from('#!/bin/sh\necho hello\n'),
      'data/large.bin': randomBytes(3_000_000),
      'data/same.bin': Buffer.from('#!/bin/sh\necho hello\n'),
      empty: Buffer.alloc(0),
    };
    const programs = { install: { command: 'install.sh' } };
    await content.apply('Package', 'packages', 'hello', { programs });
    const { status: announced, body: plan } = await content.announce('hello', filesOf(files));
    expect(announced).toBe(201);
    expect(plan).toMatchObject({ version: 1 });
    expect(plan.uploads).toHaveLength(3);
    expect((await status<PackageStatus>('packages', 'hello')).versions).toMatchObject([
      { version: 1, state: 'uploading' },
    ]);
    await sendAll(plan, Object.values(files));
    expect(await content.commit('hello', 1)).toMatchObject({
      status: 200,
      body: { version: 1, state: 'available', files: 4 },
    });
    expect(await status<PackageStatus>('packages', 'hello')).toMatchObject({
      newestVersion: 1,
      versions: [{ version: 1, state: 'available', manifest: plan.manifest, bytes: 3_000_042 }],
    });

    const bus = content.app.get(Bus);
    const before = await bus.request(resolveContent, { packages: ['hello', 'nothing'] });
    expect(before.packages).toMatchObject([
      { name: 'hello', exists: true, programs, distributed: null },
      { name: 'nothing', exists: false, programs: {}, distributed: null },
    ]);
    await expect(bus.request(locateContent, { manifest: plan.manifest })).rejects.toMatchObject({
      category: 'unavailable',
      code: 'content.not-distributed',
    });

    await content.apply('Distribution', 'distributions', 'hello', { package: 'hello', points: ['dp-local'] });
    const done = await content.untilProgress('hello', ({ state }) => state === 'available');
    expect(done).toMatchObject({
      point: 'dp-local',
      version: 1,
      files: 4,
      filesDone: 4,
      bytesDone: 3_000_042,
      attempts: 1,
    });
    expect(await status<DistributionPointStatus>('distribution-points', 'dp-local')).toMatchObject({
      available: 1,
      failed: 0,
    });
    const after = await bus.request(resolveContent, { packages: ['hello'] });
    expect(after.packages[0]?.distributed).toEqual({ version: 1, manifest: plan.manifest, bytes: 3_000_042 });

    const { manifest, locations } = await bus.request(locateContent, { manifest: plan.manifest });
    expect(manifest?.files.map(({ path }) => path)).toEqual(['data/large.bin', 'data/same.bin', 'empty', 'install.sh']);
    expect(locations).toHaveLength(3);
    for (const { digest, urls } of locations) {
      const bytes = Buffer.from(await (await fetch(urls[0]!)).arrayBuffer());
      expect(digestOf(bytes)).toBe(digest);
    }
    const one = await bus.request(locateContent, {
      manifest: plan.manifest,
      files: [digestOf(files.empty), digestOf(Buffer.from('not in it'))],
    });
    expect(one.locations.map(({ digest }) => digest)).toEqual([digestOf(files.empty)]);
  });

  it('publishes a Distribution again when a point has the version', async () => {
    await content.upload('facts', { a: Buffer.from('facts') });
    await content.apply('Distribution', 'distributions', 'facts', { package: 'facts', points: ['dp-local'] });
    await content.untilProgress('facts', ({ state }) => state === 'available');
    const seen = async () => {
      const rows = await content.app.get(Database).query<{ state: string }>(
        `select payload #>> '{resource,status,points,0,state}' as state from outbox
         where subject like '%distribution-saved%' and payload #>> '{resource,metadata,name}' = 'facts' order by sequence`,
      );
      return rows.map(({ state }) => state);
    };
    await until(async () => (await seen()).at(-1) === 'available');
    expect((await seen())[0]).toBe('pending');
  });

  it('is the same version when the same files come again, in any order', async () => {
    const files = { b: randomBytes(10), a: randomBytes(20) };
    const plan = await content.upload('again', files);
    const again = await content.announce('again', filesOf(files).toReversed());
    expect(again).toMatchObject({ status: 201, body: { version: plan.version, manifest: plan.manifest, uploads: [] } });
    expect((await status<PackageStatus>('packages', 'again')).versions).toHaveLength(1);
  });

  it('asks only for what the library lacks, and resumes an upload that was broken off', async () => {
    const files = { one: randomBytes(1000), two: randomBytes(1000) };
    await content.apply('Package', 'packages', 'resumed', {});
    const { body: first } = await content.announce('resumed', filesOf(files));
    await sendAll({ ...first, uploads: first.uploads.slice(0, 1) }, Object.values(files));
    const early = await content.commit('resumed', 1);
    expect(early).toMatchObject({ status: 409, body: { code: 'content.blob-mismatch' } });
    expect(early.body.findings).toHaveLength(1);
    expect(early.body.findings?.[0]?.message).toMatch(/was not uploaded/);
    const { body: second } = await content.announce('resumed', filesOf(files));
    expect(second.version).toBe(1);
    expect(second.uploads.map(({ digest }) => digest)).toEqual([first.uploads[1]?.digest]);
    await sendAll(second, Object.values(files));
    expect((await content.commit('resumed', 1)).status).toBe(200);
  });

  it('refuses wrong bytes, names the file, and shows nothing', async () => {
    const right = randomBytes(5000);
    const wrong = randomBytes(5000);
    await content.apply('Package', 'packages', 'wrong', {});
    await content.apply('Distribution', 'distributions', 'wrong', { package: 'wrong', points: ['dp-local'] });
    const { body: plan } = await content.announce('wrong', filesOf({ 'setup.exe': right }));
    const upload = plan.uploads[0]!;
    const byUrl = await fetch(upload.url, { method: 'PUT', body: new Uint8Array(wrong) });
    expect(byUrl.status).toBe(400);

    // Somebody with the library's own keys puts other bytes under the name.
    const url = new URL(content.environment['MUSTER_LIBRARY_ENDPOINT']!);
    const library = new Client({
      endPoint: url.hostname,
      port: Number(url.port),
      useSSL: false,
      accessKey: content.environment['MUSTER_LIBRARY_ACCESS_KEY']!,
      secretKey: content.environment['MUSTER_LIBRARY_SECRET_KEY']!,
      region: 'us-east-1',
    });
    const key = decodeURIComponent(new URL(upload.url).pathname).split('/').slice(2).join('/');
    await library.putObject(content.environment['MUSTER_LIBRARY_BUCKET']!, key, wrong);
    const refused = await content.commit('wrong', 1);
    expect(refused).toMatchObject({ status: 409, body: { code: 'content.blob-mismatch' } });
    expect(refused.body.detail).toContain('"setup.exe"');
    const shown = await status<PackageStatus>('packages', 'wrong');
    expect(shown.versions).toMatchObject([{ version: 1, state: 'uploading' }]);
    expect(shown.newestVersion).toBeUndefined();
    expect(await content.progress('wrong')).toEqual([]);

    await sendAll(plan, [right]);
    expect((await content.commit('wrong', 1)).status).toBe(200);
    await content.untilProgress('wrong', ({ state }) => state === 'available');
  });

  it('brings a new version to every point of its Distributions and then serves that one', async () => {
    const kept = randomBytes(2000);
    await content.upload('moving', { kept, changed: randomBytes(2000) });
    await content.apply('Distribution', 'distributions', 'moving', { package: 'moving', points: ['dp-local'] });
    await content.untilProgress('moving', ({ state, version }) => state === 'available' && version === 1);
    const plan = await content.upload('moving', { kept, changed: randomBytes(2000) });
    expect(plan).toMatchObject({ version: 2 });
    expect(plan.uploads).toHaveLength(1);
    await content.untilProgress('moving', ({ state, version }) => state === 'available' && version === 2);
    const { packages } = await content.app.get(Bus).request(resolveContent, { packages: ['moving'] });
    expect(packages[0]?.distributed?.version).toBe(2);
    const shown = await status<PackageStatus>('packages', 'moving');
    expect(shown.versions.map(({ version }) => version)).toEqual([2, 1]);
  });

  it.each([
    ['../climbs', 'content.bad-path'],
    ['/absolute', 'content.bad-path'],
    ['back\\slash', 'content.bad-path'],
    ['a//b', 'content.bad-path'],
    ['READ.me', 'content.bad-path'],
    ['read.me/inside', 'content.bad-path'],
  ])('refuses the path %s and says where it is', async (path, code) => {
    await content.apply('Package', 'packages', 'paths', {});
    const digest = digestOf(Buffer.from('x'));
    const answer = await content.ask('POST', '/packages/paths/versions', {
      files: [
        { path: 'read.me', digest, size: 1 },
        { path, digest, size: 1 },
      ],
    });
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(answer.body.findings?.[0]?.path).toMatch(/^\/files\/[01]\/path$/);
    expect((await status<PackageStatus>('packages', 'paths')).versions).toEqual([]);
  });

  it('refuses what names nothing, and deleting what is named', async () => {
    const document = (name: string, spec: object) => ({
      apiVersion: 'muster/v1',
      kind: 'Distribution',
      metadata: { name },
      spec,
    });
    const unknown = await content.ask(
      'PUT',
      '/distributions/lost',
      document('lost', { package: 'no', points: ['dp-local', 'nor'] }),
    );
    expect(unknown).toMatchObject({ status: 400, body: { code: 'content.missing-reference' } });
    expect(unknown.body.findings?.map(({ path }) => path)).toEqual(['/spec/package', '/spec/points/1']);

    await content.upload('used', { a: Buffer.from('used') });
    await content.apply('Distribution', 'distributions', 'used', { package: 'used', points: ['dp-local'] });
    expect(await content.ask('DELETE', '/packages/used')).toMatchObject({
      status: 409,
      body: { code: 'content.package-in-use' },
    });
    expect(await content.ask('DELETE', '/distribution-points/dp-local')).toMatchObject({
      status: 409,
      body: { code: 'content.point-in-use' },
    });
    expect((await content.ask('DELETE', '/distributions/used')).status).toBe(200);
    expect((await content.ask('DELETE', '/packages/used')).status).toBe(200);
    expect((await content.ask('POST', '/packages/used/versions', { files: [] })).status).toBe(404);
    expect(await content.commit('paths', 7)).toMatchObject({ status: 404, body: { code: 'content.unknown-version' } });
  });

  it('reaches its points while the bus is away, and says that it is', async () => {
    await content.upload('without-bus', { a: randomBytes(10_000) });
    const isBus = async (state: string): Promise<boolean> => {
      const answer = await fetch(content.url.replace('/api/v1', '/readyz'));
      return ((await answer.json()) as { checks: { bus: string } }).checks.bus === state;
    };
    await content.servers.site.supervisor.stop('nats');
    try {
      await until(() => isBus('unavailable'));
      await content.apply('Distribution', 'distributions', 'without-bus', {
        package: 'without-bus',
        points: ['dp-local'],
      });
      await content.untilProgress('without-bus', ({ state }) => state === 'available');
    } finally {
      await content.servers.restartBus();
    }
    await until(() => isBus('ok'));
  });

  it('refuses a point whose credentials it does not have', async () => {
    const answer = await content.ask('PUT', '/distribution-points/far', {
      apiVersion: 'muster/v1',
      kind: 'DistributionPoint',
      metadata: { name: 'far' },
      spec: { endpoint: 'http://127.0.0.1:9', bucket: 'far', credentials: 'unheard-of' },
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'content.unknown-credentials' } });
  });
});
