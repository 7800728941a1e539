import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '@muster/contracts/agent/content.js';
import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
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

describe('a large image of which 1 % changed', () => {
  let content: ContentUnderTest;
  let gate: Gate;
  let folder: string;
  let client: ApiClient;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    gate = new Gate(Number(new URL(content.environment['MUSTER_DP_ENDPOINT']!).port));
    await gate.open();
    await content.applyPoint('dp', gate.endpoint);
    folder = mkdtempSync(join(tmpdir(), 'muster-image-'));
    client = new ApiClient({ server: new URL(content.url).origin, token: content.token });
    for (const name of ['few', 'many']) {
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
    const uploaded = await uploadPackage(client, name, path);
    const before = gate.passedBytes;
    const done = await content.untilProgress(
      name,
      ({ version, state }) => version === uploaded.version && state === 'available',
    );
    expect(done).toMatchObject({ filesDone: 1, bytesDone: image.length, attempts: 1 });
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
    'moves at most 3 % of its bytes to the library, to a point, and to agents that have the version before (in %s places)',
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
