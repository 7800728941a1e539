import { randomBytes } from 'node:crypto';
import type { Digest } from '@muster/contracts/digest.js';
import { Database } from '@muster/persistence/database.js';
import { request } from 'undici';
import { Pace } from '../src/distributions/pace.js';
import { CompressedCopies } from '../src/sites/compressed-copies.js';
import { fetchBlob } from '../src/sites/fetch-blob.js';
import { VersionBytes } from '../src/sites/version-bytes.js';
import { blobKey, compressedKey } from '../src/stores/object-names.js';
import type { ObjectStore } from '../src/stores/object-store.js';
import { Stores } from '../src/stores/stores.js';
import { ContentUnderTest, digestOf } from './content-under-test.js';

const WITHIN = 30_000;

describe('blobs that other sites fetch out of a store that compresses nothing', () => {
  let content: ContentUnderTest;
  let copies: CompressedCopies;
  let library: ObjectStore;
  let database: Database;
  const text = Buffer.from('words that are there more than once\n'.repeat(20_000));
  const noise = randomBytes(300_000);
  const short = Buffer.from('short '.repeat(10));

  const sizeIn = async (key: string) => (await library.stat(key))?.size;
  const fetched = async (digest: Digest, key: string, size: number) => {
    const url = library.presignGet(key, 60);
    const signal = AbortSignal.timeout(WITHIN);
    const pieces: Uint8Array[] = [];
    const blob = { url, expected: { digest, size }, holder: 'CEN', pace: new Pace(undefined), signal };
    for await (const piece of fetchBlob(blob)) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  beforeAll(async () => {
    content = await ContentUnderTest.start({ MUSTER_LIBRARY_COMPRESSES: 'false' });
    copies = content.app.get(CompressedCopies);
    library = content.app.get(Stores).library;
    database = content.app.get(Database);
    await content.upload('mixed', { text, noise, short });
  });

  afterAll(() => content?.stop());

  it('have a compressed copy where that makes them smaller; the others are given as they are', async () => {
    const [shrinking, other, little] = [digestOf(text), digestOf(noise), digestOf(short)];
    expect(await copies.keysOf([shrinking, other, little], WITHIN)).toEqual(
      new Map([
        [shrinking, compressedKey(shrinking)],
        [other, blobKey(other)],
        [little, blobKey(little)],
      ]),
    );
    expect(await sizeIn(compressedKey(shrinking))).toBeLessThan(text.length / 50);
    expect(await sizeIn(compressedKey(other))).toBeUndefined();
    const answer = await request(library.presignGet(compressedKey(shrinking), 60));
    await answer.body.dump();
    expect(Number(answer.headers['content-length'])).toBeLessThan(text.length / 50);
    expect((await fetched(shrinking, compressedKey(shrinking), text.length)).equals(text)).toBe(true);
  });

  it('are compressed once for many who ask at the same time', async () => {
    const bytes = Buffer.concat([Buffer.from('asked for by many\n'.repeat(30_000)), randomBytes(8)]);
    await content.upload('popular', { bytes });
    const digest = digestOf(bytes);
    const answers = await Promise.all(Array.from({ length: 8 }, () => copies.keysOf([digest], WITHIN)));
    expect(new Set(answers.map((keys) => keys.get(digest)))).toEqual(new Set([compressedKey(digest)]));
    const etag = (await library.stat(compressedKey(digest)))?.etag;
    await copies.keysOf([digest], WITHIN);
    expect((await library.stat(compressedKey(digest)))?.etag).toBe(etag);
  });

  it('are left out of an answer while they are being compressed, and are in the next one', async () => {
    const bytes = Buffer.concat([Buffer.from('not ready yet\n'.repeat(2_000_000)), randomBytes(8)]);
    await content.upload('late', { bytes });
    const digest = digestOf(bytes);
    expect(await copies.keysOf([digest], 0)).toEqual(new Map());
    expect(await copies.keysOf([digest], WITHIN)).toEqual(new Map([[digest, compressedKey(digest)]]));
  });

  it('go as they are when the library gives other bytes of them: whoever fetches them finds out and says so', async () => {
    const bytes = Buffer.concat([Buffer.from('was right once\n'.repeat(10_000)), randomBytes(8)]);
    await content.upload('tampered', { bytes });
    const digest = digestOf(bytes);
    const wrong = Buffer.from('is wrong now'.repeat(10_000));
    await library.write(blobKey(digest), wrong, { digest: digestOf(wrong), size: wrong.length });
    expect(await copies.keysOf([digest], WITHIN)).toEqual(new Map([[digest, blobKey(digest)]]));
    await expect(fetched(digest, blobKey(digest), bytes.length)).rejects.toThrow('content.site-bytes-wrong');
  });

  it.each([
    [
      'is wrong',
      async (key: string) => {
        const wrong = Buffer.from(
          (await collected(await library.read(key))).map((byte, index) => (index < 40 ? byte ^ 0x55 : byte)),
        );
        await library.write(key, wrong, { digest: digestOf(wrong), size: wrong.length }, undefined, 'zstd');
      },
    ],
    ['is gone', (key: string) => library.remove(key)],
  ])('are fetched as they are where the compressed copy %s, and that goes', async (what, harm) => {
    const bytes = Buffer.concat([Buffer.from(`it ${what}\n`.repeat(30_000)), randomBytes(8)]);
    await content.upload('harmed', { bytes });
    const digest = digestOf(bytes);
    await copies.keysOf([digest], WITHIN);
    await harm(compressedKey(digest));
    const asked: boolean[] = [];
    const proven: Digest[] = [];
    const version = new VersionBytes({
      source: 'CEN',
      lacking: [digest],
      ask: async (holder, digests, asTheyAre) => {
        asked.push(asTheyAre);
        const keys = await (asTheyAre ? copies.distrust(digests) : copies.keysOf(digests, WITHIN));
        const urls = new Map([...keys].map(([one, key]) => [one, library.presignGet(key, 60)]));
        return { urls, holder, reason: null, away: false };
      },
      library,
      pace: new Pace(undefined),
      onProven: async (blob) => void proven.push(blob.digest),
    });
    await version.bring({ digest, size: bytes.length }, AbortSignal.timeout(WITHIN));
    expect([asked, proven]).toEqual([[false, true], [digest]]);
    await copies.removeDue();
    expect(await sizeIn(compressedKey(digest))).toBeUndefined();
    expect((await copies.keysOf([digest], WITHIN)).get(digest)).toBe(compressedKey(digest));
    expect((await fetched(digest, compressedKey(digest), bytes.length)).equals(bytes)).toBe(true);
  });

  it('lose their copy an hour after the last question, and a day after it was made', async () => {
    const digest = digestOf(text);
    const keys = () => copies.keysOf([digest], WITHIN);
    await keys();
    for (const column of ['asked_at', 'made_at']) {
      await copies.removeDue();
      expect(await sizeIn(compressedKey(digest))).toBeGreaterThan(0);
      const age = column === 'asked_at' ? '61 minutes' : '25 hours';
      await database.query(`update compressed_copy set ${column} = now() - $1::interval`, [age]);
      await copies.removeDue();
      expect(await sizeIn(compressedKey(digest))).toBeUndefined();
      // Whoever asks again has it again.
      expect((await keys()).get(digest)).toBe(compressedKey(digest));
      expect(await sizeIn(compressedKey(digest))).toBeGreaterThan(0);
    }
  });
});

async function collected(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces);
}
