import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileNameOfKey, shardOfKey } from '../src/objects/key-file-names.js';
import { renderPointer } from '../src/objects/pointer.js';
import type { RunningStore } from '../src/store-process.js';
import { type StoreHome, makeHome, removeHome, sender, startHere } from './store-under-test.js';

/** `npm run bench:store-listing` does it with a million. */
const COUNT = 20_000;

describe('a bucket of many keys', () => {
  let home: StoreHome;
  let store: RunningStore;
  let s3: ReturnType<typeof sender>;
  const keys = Array.from({ length: COUNT }, (_, n) => createHash('md5').update(`${n}`).digest('hex')).map(
    (hex) => `${hex.slice(0, 2)}/${hex}`,
  );
  const pathOf = (key: string) => join(home.folder, 'buckets/content/objects', shardOfKey(key), fileNameOfKey(key));

  beforeAll(async () => {
    home = await makeHome();
    store = await startHere(home);
    await sender(store.port)('PUT', '/content');
    await store.stop();
    // As if each had been put: pointers are all that a key is.
    for (let at = 0; at < COUNT; at += 100) await Promise.all(keys.slice(at, at + 100).map(writePointer));
    store = await startHere(home);
    s3 = sender(store.port);
  });

  afterAll(async () => {
    await store.stop();
    await removeHome(home);
  });

  function writePointer(key: string): Promise<void> {
    const pointer = {
      pointerVersion: 1 as const,
      key,
      size: 0,
      etag: key.slice(3),
      blobs: [],
      headers: {},
      metadata: {},
    };
    return writeFile(pathOf(key), renderPointer({ ...pointer, modifiedAt: '2026-01-01T00:00:00.000Z' }));
  }

  async function page(query: string) {
    const { text } = await s3('GET', `/content?list-type=2${query}`);
    const value = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1];
    return {
      keys: [...text.matchAll(/<Key>([^<]+)</g)].map(([, key]) => key!),
      keyCount: Number(value('KeyCount')),
      token: value('NextContinuationToken'),
    };
  }

  it('is listed in order, a thousand at a time, each key once', async () => {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const next = await page(token === undefined ? '' : `&continuation-token=${token}`);
      expect(next.keys.length).toBe(next.keyCount);
      found.push(...next.keys);
      token = next.token;
    } while (token !== undefined);
    expect(found).toEqual(keys.toSorted());
  });

  it('is listed from any key on, by prefix, and rolled up', async () => {
    const sorted = keys.toSorted();
    const middle = sorted[COUNT / 2]!;
    expect((await page(`&start-after=${encodeURIComponent(middle)}&max-keys=3`)).keys).toEqual(
      sorted.slice(COUNT / 2 + 1, COUNT / 2 + 4),
    );
    expect((await page('&prefix=a7/')).keys).toEqual(sorted.filter((key) => key.startsWith('a7/')));
    const { text } = await s3('GET', '/content?list-type=2&delimiter=/');
    expect(text.match(/<CommonPrefixes>/g)).toHaveLength(256);
  });

  it('counts what it lists, not what it meant to list', async () => {
    const sorted = keys.toSorted();
    await store.stop();
    store = await startHere(home);
    s3 = sender(store.port);
    // As if it had been deleted after the page was chosen and before it was described.
    await rm(pathOf(sorted[1]!));
    const first = await page('&max-keys=3');
    expect([first.keys, first.keyCount]).toEqual([[sorted[0], sorted[2]], 2]);
    await writePointer(sorted[1]!);
  });
});
