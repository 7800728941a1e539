import { createHash, randomBytes } from 'node:crypto';
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { type IncomingMessage, get } from 'node:http';
import { basename, join } from 'node:path';
import { until } from '@muster/testing/until.js';
import type { RunningStore } from '../src/store-process.js';
import { presign, sha256Hex } from './signed-request.js';
import { ADMIN, type StoreHome, filesBelow, makeHome, removeHome, sender, startHere } from './store-under-test.js';

const MIB = 1024 * 1024;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

describe('multipart uploads and copies', () => {
  let home: StoreHome;
  let store: RunningStore;
  let s3: ReturnType<typeof sender>;

  beforeEach(async () => {
    home = await makeHome();
    store = await startHere(home);
    s3 = sender(store.port);
    await s3('PUT', '/content');
  });

  afterEach(async () => {
    await store.stop();
    await removeHome(home);
  });

  const begin = async (key: string) => /<UploadId>(\w+)</.exec((await s3('POST', `/content/${key}?uploads`)).text)![1]!;
  const putPart = (key: string, id: string, number: number, body: Buffer | string, headers = {}) =>
    s3('PUT', `/content/${key}?partNumber=${number}&uploadId=${id}`, { body, headers });
  const complete = (key: string, id: string, parts: string, headers = {}) =>
    s3('POST', `/content/${key}?uploadId=${id}`, {
      body: `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`,
      headers,
    });
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
  const blobs = async () => (await filesBelow(join(home.folder, 'blobs'))).map((path) => basename(path)).sort();

  async function multipart(key: string, parts: Buffer[]): Promise<void> {
    const id = await begin(key);
    let list = '';
    for (const [at, body] of parts.entries()) {
      const { headers } = await putPart(key, id, at + 1, body);
      list += `<Part><PartNumber>${at + 1}</PartNumber><ETag>${headers.etag}</ETag></Part>`;
    }
    expect((await complete(key, id, list)).status).toBe(200);
  }

  it('verify the checksum of each part, and give the checksum of checksums of the whole', async () => {
    const id = await begin('summed');
    const [first, last] = [randomBytes(5 * MIB), Buffer.from('the last one')];
    const wrong = await putPart('summed', id, 1, first, { 'x-amz-checksum-sha256': sha256('x').toString('base64') });
    expect(wrong.code).toBe('BadDigest');
    let list = '';
    for (const [at, body] of [first, last].entries()) {
      const checksum = sha256(body).toString('base64');
      const { headers } = await putPart('summed', id, at + 1, body, { 'x-amz-checksum-sha256': checksum });
      expect(headers['x-amz-checksum-sha256']).toBe(checksum);
      list += `<Part><PartNumber>${at + 1}</PartNumber><ETag>${headers.etag}</ETag><ChecksumSHA256>${checksum}</ChecksumSHA256></Part>`;
    }
    const other = sha256('other').toString('base64');
    expect((await complete('summed', id, list, { 'x-amz-checksum-sha256': other })).code).toBe('BadDigest');
    expect((await complete('summed', id, list, { 'x-amz-mp-object-size': '7' })).code).toBe('InvalidRequest');
    const whole = `${sha256(Buffer.concat([sha256(first), sha256(last)])).toString('base64')}-2`;
    const done = await complete('summed', id, list, { 'x-amz-checksum-sha256': whole });
    expect(done.text).toContain(`<ChecksumSHA256>${whole}</ChecksumSHA256><ChecksumType>COMPOSITE</ChecksumType>`);
    const { headers } = await s3('HEAD', '/content/summed');
    expect(headers).toMatchObject({ 'x-amz-checksum-sha256': whole, 'x-amz-checksum-type': 'COMPOSITE' });
  });

  it('keep a whole object readable to the end for whoever began, though it is overwritten and collected meanwhile', async () => {
    const parts = [randomBytes(6 * MIB), randomBytes(6 * MIB), randomBytes(6 * MIB)];
    await multipart('read-slowly', parts);
    const path = presign({
      port: store.port,
      method: 'GET',
      path: '/content/read-slowly',
      key: ADMIN,
      expiresSeconds: 60,
    });
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ host: '127.0.0.1', port: store.port, path }, resolve).on('error', reject);
    });
    // Nobody reads it yet: the store has sent what the sockets hold, and no more.
    await s3('PUT', '/content/read-slowly', { body: 'another' });
    await store.collect();
    expect((await blobs()).length).toBeGreaterThan(1);
    const received: Buffer[] = [];
    for await (const piece of incoming) received.push(piece as Buffer);
    expect(sha256Hex(Buffer.concat(received))).toBe(sha256Hex(Buffer.concat(parts)));
    // The last reader took the old parts away.
    await until(async () => (await blobs()).length === 1);
  });

  it('share their bytes on disk with a copy, and each stays when the other one goes', async () => {
    const parts = [randomBytes(5 * MIB), randomBytes(1000)];
    await multipart('original', parts);
    const { headers } = await s3('HEAD', '/content/original');
    const copied = await s3('PUT', '/content/copied', { headers: { 'x-amz-copy-source': '/content/original' } });
    expect(copied.status).toBe(200);
    await s3('DELETE', '/content/original');
    const read = await s3('GET', '/content/copied');
    expect(read.headers.etag).toBe(headers.etag);
    expect(sha256Hex(read.body)).toBe(sha256Hex(Buffer.concat(parts)));
  });

  it('copy only what the conditions allow, and replace the metadata when they shall', async () => {
    await s3('PUT', '/content/original', { body: 'bytes', headers: { 'x-amz-meta-note': 'old' } });
    const copy = (headers: Record<string, string>, to = 'copied') =>
      s3('PUT', `/content/${to}`, { headers: { 'x-amz-copy-source': '/content/original', ...headers } });
    expect((await copy({ 'x-amz-copy-source-if-match': '"other"' })).code).toBe('PreconditionFailed');
    expect((await copy({}, 'original')).code).toBe('InvalidRequest');
    const replaced = { 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-note': 'new' };
    expect((await copy(replaced, 'original')).status).toBe(200);
    expect((await s3('GET', '/content/original')).headers['x-amz-meta-note']).toBe('new');
    expect((await copy({ 'if-none-match': '*' }, 'original')).status).toBe(400);
    expect((await copy({ 'if-none-match': '*', ...replaced }, 'original')).code).toBe('PreconditionFailed');
    expect(await blobs()).toHaveLength(1);
  });

  it('that nobody goes on with expire, with their parts; those that go on stay', async () => {
    const [stale, alive] = [await begin('stale'), await begin('alive')];
    await putPart('stale', stale, 1, 'x');
    await putPart('alive', alive, 1, 'y');
    const longAgo = new Date(Date.now() - 8 * DAY_MILLISECONDS).toISOString();
    const folder = join(home.folder, 'buckets', 'content', 'uploads');
    for (const file of [join(stale, 'upload.json'), join(stale, '00001.json'), join(alive, 'upload.json')]) {
      const record = JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>;
      const key = 'initiatedAt' in record ? 'initiatedAt' : 'modifiedAt';
      await writeFile(join(folder, file), JSON.stringify({ ...record, [key]: longAgo }));
    }
    expect(await store.collect()).toMatchObject({ uploadsExpired: 1, blobsRemoved: 0 });
    expect((await putPart('stale', stale, 2, 'x')).code).toBe('NoSuchUpload');
    expect((await putPart('alive', alive, 2, 'y')).status).toBe(200);
    expect(await blobs()).toHaveLength(2);
  });

  it('refuse to name a part whose bytes are not on disk any more', async () => {
    const id = await begin('lost');
    const { headers } = await putPart('lost', id, 1, 'bytes');
    const [lost] = await filesBelow(join(home.folder, 'blobs'));
    await rm(lost!);
    const list = `<Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part>`;
    expect((await complete('lost', id, list)).status).toBe(500);
    expect((await s3('GET', '/content/lost')).code).toBe('NoSuchKey');
  });

  it('say that the store failed when the disk lost the bytes of an object, and go on with the others', async () => {
    await s3('PUT', '/content/lost', { body: 'bytes' });
    const [lost] = await filesBelow(join(home.folder, 'blobs'));
    await rm(lost!);
    await s3('PUT', '/content/there', { body: 'bytes' });
    expect(await s3('GET', '/content/lost')).toMatchObject({ status: 500, code: 'InternalError' });
    expect((await s3('GET', '/content/there')).text).toBe('bytes');
    await s3('PUT', '/content/lost', { body: 'again' });
    expect((await s3('GET', '/content/lost')).text).toBe('again');
  });

  it('lose nothing while orphans are collected again and again beside them', async () => {
    const orphan = join(home.folder, 'blobs', 'ab', 'ab'.repeat(16));
    await writeFile(orphan, 'left by a kill');
    await utimes(orphan, 0, 0);
    const writing = new AbortController();
    const collecting = (async () => {
      while (!writing.signal.aborted) await store.collect();
    })();
    const expected = new Map<string, Buffer>();
    const lane = async (name: string) => {
      for (let n = 0; n < 40; n += 1) {
        const [key, body] = [`${name}-${n % 5}`, randomBytes(2000)];
        if (n % 4 === 0) {
          await multipart(key, [body]);
        } else if (n % 4 === 1) {
          await s3('PUT', `/content/${name}-source`, { body });
          await s3('PUT', `/content/${key}`, { headers: { 'x-amz-copy-source': `/content/${name}-source` } });
        } else {
          await s3('PUT', `/content/${key}`, { body });
        }
        expected.set(key, body);
      }
    };
    await Promise.all(['a', 'b', 'c'].map(lane));
    writing.abort();
    await collecting;
    expect(await blobs()).not.toContain(basename(orphan));
    for (const [key, body] of expected) {
      expect((await s3('GET', `/content/${key}`)).body.equals(body)).toBe(true);
    }
  });

  it('gives up a collection, and removes nothing, when it cannot read what a pointer names', async () => {
    await s3('PUT', '/content/object', { body: 'bytes' });
    const [pointer] = await filesBelow(join(home.folder, 'buckets', 'content', 'objects'));
    await writeFile(pointer!, 'garbage');
    await expect(store.collect()).rejects.toThrow();
    expect(await blobs()).toHaveLength(1);
  });
});
