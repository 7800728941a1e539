import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '@muster/contracts/agent/content.js';
import { packBeginning, packHeader } from '@muster/contracts/agent/pack.js';
import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { memoryFolder } from '@muster/testing/memory-folder.js';
import { pino } from 'pino';
import { Agent } from 'undici';
import { ContentCache } from '../../apps/agent/src/content/content-cache.js';
import { ApiClient } from '../../apps/cli/src/api/api-client.js';
import { type UploadedVersion, uploadPackage } from '../../apps/cli/src/content/upload-package.js';
import { ContentUnderTest, Gate, sendAll } from '../../apps/content/test/content-under-test.js';

const MIB = 1024 * 1024;
const imageBytes = Number(process.env['MUSTER_IMAGE_MIB'] ?? 128) * MIB;

/** An image of which 1 % is written anew in so many places, and something is put before all of it. */
function changed(image: Buffer, places: number, inserted: Buffer): Buffer {
  const after = Buffer.concat([inserted, image]);
  const size = Math.floor(image.length / 100 / places);
  for (let place = 0; place < places; place += 1)
    randomBytes(size).copy(after, Math.floor(((place + Math.random() * 0.8) * image.length) / places));
  return after;
}

function packOf(...paths: string[]): Buffer {
  return Buffer.concat([packBeginning(), ...paths.map((path) => packHeader({ path, size: 0, executable: false }))]);
}

/** The same names with the same bytes, and no others. */
function expectSameFolder(one: string, other: string): void {
  execFileSync('diff', ['--recursive', '--brief', one, other]);
}

describe('content of which 1 % changed', () => {
  let content: ContentUnderTest;
  let gate: Gate;
  let folder: string;
  let client: ApiClient;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    gate = new Gate(Number(new URL(content.environment['MUSTER_DP_ENDPOINT']!).port));
    await gate.open();
    await content.applyPoint('dp', gate.endpoint);
    folder = mkdtempSync(join(memoryFolder(4 * 1024 * MIB), 'muster-image-'));
    client = new ApiClient({ server: new URL(content.url).origin, token: content.token });
    for (const name of ['few', 'many', 'tiny']) {
      await content.apply('Package', 'packages', name, {});
      await content.apply('Distribution', 'distributions', name, { package: name, points: ['dp'] });
    }
  });

  afterAll(async () => {
    await client?.close();
    await gate?.shut();
    await content?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function bring(name: string, image: Buffer): Promise<UploadedVersion & { moved: number }> {
    const path = join(folder, `${name}.img`);
    writeFileSync(path, image);
    return bringPath(name, path, 1);
  }

  async function bringPath(name: string, path: string, files: number): Promise<UploadedVersion & { moved: number }> {
    const uploaded = await uploadPackage(client, name, path);
    const before = gate.passedBytes;
    const done = await content.untilProgress(
      name,
      ({ version, state }) => version === uploaded.version && state === 'available',
    );
    expect(done).toMatchObject({ filesDone: files, bytesDone: uploaded.bytes, attempts: 1 });
    const moved = gate.passedBytes - before;
    // What the status says is what went over the wire, but for the headers of requests.
    expect(Math.abs(moved - (done.bytesMoved ?? 0))).toBeLessThan(100_000);
    return { ...uploaded, moved };
  }

  function agentCache(name: string): ContentCache {
    const bus = content.app.get(Bus);
    return new ContentCache({
      folder: join(folder, name),
      dispatcher: new Agent(),
      locator: {
        contentLocations: async (manifest, files) => {
          const found = await bus.request(locateContent, { manifest, ...(files ? { files: [...files] } : {}) });
          return { ...found, manifest: found.manifest! };
        },
        contentFaults: (faults) => Promise.reject(new Error(JSON.stringify(faults))),
      },
    });
  }

  async function provide(cache: ContentCache, manifest: string, image: Buffer, name: string): Promise<number> {
    const before = gate.returnedBytes;
    const at = await cache.provide(manifest as Digest, pino({ level: 'silent' }), new AbortController().signal);
    expect(readFileSync(join(at, `${name}.img`)).equals(image)).toBe(true);
    return gate.returnedBytes - before;
  }

  it.each([
    ['few', 16],
    ['many', imageBytes / 100 / 65_536],
  ])(
    'a large image, moves at most 3 % of its bytes to the library, to a point, and to agents that have the version before (in %s places)',
    async (name, places) => {
      const first = randomBytes(imageBytes);
      const second = changed(first, Math.round(places), randomBytes(4096));
      const one = await bring(name, first);
      expect(one.moved).toBeGreaterThan(imageBytes);
      const [withBlobs, withFolder] = [agentCache(`${name}-1`), agentCache(`${name}-2`)];
      for (const cache of [withBlobs, withFolder])
        expect(await provide(cache, one.manifest, first, name)).toBeGreaterThan(imageBytes);
      // A cache that is short of room gives up the blobs of a version that is laid out.
      rmSync(join(folder, `${name}-2`, 'blobs/sha256'), { recursive: true });
      const two = await bring(name, second);
      const figures = {
        library: two.bytesSent,
        point: two.moved,
        agent: await provide(withBlobs, two.manifest, second, name),
        agentWithoutBlobs: await provide(agentCache(`${name}-2`), two.manifest, second, name),
      };
      const percent = Object.entries(figures).map(
        ([what, bytes]) => `${what} ${((bytes / second.length) * 100).toFixed(2)} %`,
      );
      process.stdout.write(`1 % of ${imageBytes / MIB} MiB in ${Math.round(places)} places: ${percent.join(', ')}\n`);
      for (const bytes of Object.values(figures)) expect(bytes).toBeLessThanOrEqual(second.length * 0.03);
      // Who has nothing gets all of it, and what the older blob has beside.
      const fresh = await provide(agentCache(`${name}-3`), two.manifest, second, name);
      expect(fresh / second.length).toBeLessThan(1.05);
    },
    120_000,
  );

  it('30,000 tiny files, is a pack: a blob or two, laid out file by file, and about what changed is moved', async () => {
    const tree = join(folder, 'tiny-files');
    const packed = 30_000;
    const fileOf = (index: number): string => join(tree, `d${index % 30}`, `file-${index}.txt`);
    for (let index = 0; index < 30; index += 1) mkdirSync(join(tree, `d${index}`), { recursive: true });
    for (let index = 0; index < packed; index += 1) writeFileSync(fileOf(index), randomBytes(20 + (index % 400)));
    chmodSync(fileOf(7), 0o755);
    writeFileSync(join(tree, 'd3', 'image'), randomBytes(5 * MIB));
    const one = await bringPath('tiny', tree, packed + 1);
    expect(one).toMatchObject({ files: packed + 1, filesSent: 2 });
    const cache = agentCache('tiny');
    const silent = pino({ level: 'silent' });
    const never = new AbortController().signal;
    const at = await cache.provide(one.manifest as Digest, silent, never);
    expect(readdirSync(join(folder, 'tiny/blobs/sha256'))).toHaveLength(2);
    expectSameFolder(tree, at);
    expect(statSync(join(at, 'd7/file-7.txt')).mode & 0o777).toBe(0o555);
    // What a program spoilt is found, and is made right out of what is here.
    rmSync(join(at, 'd0/file-0.txt'));
    writeFileSync(join(at, 'd0/file-0.txt'), 'spoilt');
    const before = gate.returnedBytes;
    await cache.provide(one.manifest as Digest, silent, never);
    await cache.provide(one.manifest as Digest, silent, never);
    expectSameFolder(tree, at);
    expect(gate.returnedBytes).toBe(before);

    for (let index = 50; index < packed; index += 100) writeFileSync(fileOf(index), randomBytes(20 + (index % 400)));
    const two = await bringPath('tiny', tree, packed + 1);
    const laidOut = await cache.provide(two.manifest as Digest, silent, never);
    expectSameFolder(tree, laidOut);
    const figures = { library: two.bytesSent, point: two.moved, agent: gate.returnedBytes - before };
    const percent = Object.entries(figures).map(
      ([what, bytes]) => `${what} ${((bytes / two.bytes) * 100).toFixed(2)} %`,
    );
    process.stdout.write(`1 % of ${packed} tiny files here and there: ${percent.join(', ')}\n`);
    for (const bytes of Object.values(figures)) expect(bytes / two.bytes).toBeLessThan(0.1);
  }, 120_000);

  it.each([
    ['that is none', Buffer.from('not a pack'), 1, 'it does not begin as a pack'],
    ['of another number of files', packOf('a', 'b'), 3, 'it has 2 files, not 3'],
    ['whose names climb', packOf('../a'), 1, 'is no path in content'],
    ['whose names collide', packOf('A', 'a'), 2, 'names must differ in more than case'],
    ['in place of another file', packOf('Beside'), 1, 'collides with another file'],
  ])('is not shown with a pack %s', async (_what, pack, files, why) => {
    await content.apply('Package', 'packages', 'pack-liar', {});
    const beside = { path: 'beside', digest: digestOfBytes('beside'), size: 6 };
    const packed = { path: 'muster-pack', digest: digestOfBytes(pack), size: pack.length, pack: { files } };
    const { body: plan } = await content.announce('pack-liar', [beside, packed]);
    await sendAll(plan, [pack, Buffer.from('beside')]);
    const { status, body } = await content.commit('pack-liar', plan.version);
    expect([status, body.code, body.detail]).toEqual([409, 'content.bad-pack', expect.stringContaining(why)]);
  });

  it('is not shown when its extents do not make it, though every blob is right', async () => {
    const bytes = randomBytes(1000);
    await content.apply('Package', 'packages', 'liar', {});
    const stored = {
      blobs: [{ digest: digestOfBytes(bytes), size: 1000 }],
      extents: [[0, 0, 400] as const, [0, 500, 500] as const],
    };
    const files = [
      { path: 'image', digest: digestOfBytes('something else'), size: 900, stored },
    ] as unknown as Manifest['files'];
    const { body: plan } = await content.announce('liar', files);
    await sendAll(plan, [bytes]);
    expect(await content.commit('liar', 1)).toMatchObject({ status: 409, body: { code: 'content.bad-extents' } });
    const right = [
      { ...files[0]!, digest: digestOfBytes(Buffer.concat([bytes.subarray(0, 400), bytes.subarray(500)])) },
    ];
    const { body: second } = await content.announce('liar', right);
    expect(second).toMatchObject({ version: 2, uploads: [] });
    expect((await content.commit('liar', 2)).status).toBe(200);
  });

  it('is fetched, not taken from the folder of the version before, where a program has changed that', async () => {
    const first = randomBytes(12 * MIB);
    await content.apply('Package', 'packages', 'spoilt', {});
    await content.apply('Distribution', 'distributions', 'spoilt', { package: 'spoilt', points: ['dp'] });
    const one = await bring('spoilt', first);
    const cache = agentCache('spoilt');
    await provide(cache, one.manifest, first, 'spoilt');
    rmSync(join(folder, 'spoilt/blobs/sha256'), { recursive: true });
    const file = join(folder, 'spoilt/packages', one.manifest.slice(7), 'spoilt.img');
    rmSync(file);
    writeFileSync(file, randomBytes(first.length));
    const second = changed(first, 1, randomBytes(100));
    const two = await bring('spoilt', second);
    expect(await provide(agentCache('spoilt'), two.manifest, second, 'spoilt')).toBeGreaterThan(first.length);
  });
});
