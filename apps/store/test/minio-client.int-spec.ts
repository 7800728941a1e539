import { randomBytes } from 'node:crypto';
import type { BucketItem, Client } from 'minio';
import { request } from 'undici';
import type { RunningStore } from '../src/store-process.js';
import { sha256Hex } from './signed-request.js';
import { ADMIN, type StoreHome, makeHome, minioClient, readAll, removeHome, startHere } from './store-under-test.js';

describe('the minio client', () => {
  let home: StoreHome;
  let store: RunningStore;
  let client: Client;

  beforeAll(async () => {
    home = await makeHome();
    store = await startHere(home);
    client = minioClient(store.port);
    await client.makeBucket('content');
  });

  afterAll(async () => {
    await store.stop();
    await removeHome(home);
  });

  async function list(prefix: string, recursive: boolean): Promise<string[]> {
    const stream = client.listObjectsV2('content', prefix, recursive);
    const items = (await stream.toArray()) as (BucketItem & { prefix?: string })[];
    return items.map((item) => item.name ?? item.prefix ?? '');
  }

  it('makes, finds, lists and removes buckets', async () => {
    await client.makeBucket('second-bucket');
    expect(await client.bucketExists('second-bucket')).toBe(true);
    expect((await client.listBuckets()).map(({ name }) => name)).toEqual(['content', 'second-bucket']);
    await expect(client.makeBucket('second-bucket')).rejects.toMatchObject({ code: 'BucketAlreadyOwnedByYou' });
    await client.removeBucket('second-bucket');
    expect(await client.bucketExists('second-bucket')).toBe(false);
  });

  it('says that a bucket is there only when it can be used, also to those who make it at the same time', async () => {
    const use = async () => {
      await client.makeBucket('wanted-by-many').catch((error: { code?: string }) => {
        if (error.code !== 'BucketAlreadyOwnedByYou') throw error;
      });
      await client.putObject('wanted-by-many', 'key', 'value');
    };
    await expect(Promise.all([use(), use(), use()])).resolves.toHaveLength(3);
  });

  it('puts, stats, gets and removes an object with its type and metadata', async () => {
    const body = randomBytes(300_000);
    const name = 'folder/größe (1) + 100%.bin';
    await client.putObject('content', name, body, body.length, {
      'Content-Type': 'text/x',
      'X-Amz-Meta-Purpose': 'a b',
    });
    const stat = await client.statObject('content', name);
    expect(stat).toMatchObject({ size: body.length, metaData: { 'content-type': 'text/x', purpose: 'a b' } });
    expect(sha256Hex(await readAll(await client.getObject('content', name)))).toBe(sha256Hex(body));
    const part = await readAll(await client.getPartialObject('content', name, 1000, 50));
    expect(part.equals(body.subarray(1000, 1050))).toBe(true);
    await client.removeObject('content', name);
    await expect(client.statObject('content', name)).rejects.toMatchObject({ code: 'NotFound' });
    await expect(client.getObject('content', name)).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  it('keeps an empty object', async () => {
    await client.putObject('content', 'empty', Buffer.alloc(0));
    expect((await client.statObject('content', 'empty')).size).toBe(0);
    expect((await readAll(await client.getObject('content', 'empty'))).length).toBe(0);
    await client.removeObject('content', 'empty');
  });

  it('uses presigned URLs for GET and PUT', async () => {
    const put = await client.presignedPutObject('content', 'by url/ü.txt', 60);
    const written = await request(put, { method: 'PUT', body: 'through a URL' });
    expect(written.statusCode).toBe(200);
    await written.body.dump();
    const get = await client.presignedGetObject('content', 'by url/ü.txt', 60);
    const read = await request(get, { headers: { range: 'bytes=8-' } });
    expect(read.statusCode).toBe(206);
    expect(await read.body.text()).toBe('a URL');
    await client.removeObject('content', 'by url/ü.txt');
  });

  it('lists in key order over several pages, with folders and special names', async () => {
    const names = Array.from({ length: 1050 }, (_, n) => `many/${String(n).padStart(5, '0')}`);
    const special = ['specials/& <x>', 'specials/a', 'specials/b/1', 'specials/b/2', 'specials/ü+%'];
    const all = [...names, ...special];
    for (let i = 0; i < all.length; i += 50) {
      await Promise.all(all.slice(i, i + 50).map((name) => client.putObject('content', name, name)));
    }
    expect(await list('many/', true)).toEqual(names);
    expect(await list('specials/', true)).toEqual(special);
    expect(await list('specials/', false)).toEqual(['specials/& <x>', 'specials/a', 'specials/ü+%', 'specials/b/']);
    await expect(client.removeBucket('content')).rejects.toMatchObject({ code: 'BucketNotEmpty' });
    const first = (await client.listObjects('content', 'many/', true).toArray()) as BucketItem[];
    expect(first.map(({ name }) => name)).toEqual(names);
  });

  it('works in another region when it is told, and is told when it is not', async () => {
    const other = await makeHome({ MUSTER_STORE_REGION: 'eu-muster-1' });
    const elsewhere = await startHere(other);
    try {
      const told = minioClient(elsewhere.port, ADMIN, 'eu-muster-1');
      await told.makeBucket('far', 'eu-muster-1');
      await told.putObject('far', 'x', 'y');
      expect((await told.statObject('far', 'x')).size).toBe(1);
      await expect(minioClient(elsewhere.port).statObject('far', 'x')).rejects.toMatchObject({
        code: 'AuthorizationHeaderMalformed',
        region: 'eu-muster-1',
      });
    } finally {
      await elsewhere.stop();
      await removeHome(other);
    }
  });
});
