import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { until } from '@muster/testing/until.js';
import type { RunningStore } from '../src/store-process.js';
import { type TestAnswer, type TestRequest, sha256Hex, signHeaders } from './signed-request.js';
import { ADMIN, type StoreHome, filesBelow, makeHome, removeHome, sender, startHere } from './store-under-test.js';

const MAX_OBJECT_BYTES = 3_000_000;

describe('objects', () => {
  let home: StoreHome;
  let store: RunningStore;
  let s3: ReturnType<typeof sender>;

  beforeAll(async () => {
    home = await makeHome({ MUSTER_STORE_MAX_OBJECT_BYTES: String(MAX_OBJECT_BYTES) });
    store = await startHere(home);
    s3 = sender(store.port);
    await s3('PUT', '/content');
  });

  afterAll(async () => {
    await store.stop();
    await removeHome(home);
  });

  const refused = (answer: TestAnswer, status: number, code: string) =>
    expect({ status: answer.status, code: answer.code }).toEqual({ status, code });
  const put = (key: string, body: Buffer | string, headers: Record<string, string> = {}) =>
    s3('PUT', `/content/${key}`, { body, headers });

  describe('ranges', () => {
    const body = randomBytes(700_000);
    beforeAll(() => put('ranged', body));

    it.each([
      ['bytes=0-0', 0, 1],
      ['bytes=-5', 699_995, 700_000],
      ['bytes=699999-', 699_999, 700_000],
      ['bytes=100-299999', 100, 300_000],
      ['bytes=5-9999999', 5, 700_000],
    ])('%s gives exactly those bytes', async (range, start, end) => {
      const answer = await s3('GET', '/content/ranged', { headers: { range } });
      expect(answer.status).toBe(206);
      expect(answer.headers['content-range']).toBe(`bytes ${start}-${end - 1}/700000`);
      expect(answer.headers['x-amz-checksum-sha256']).toBeUndefined();
      expect(answer.body.equals(body.subarray(start, end))).toBe(true);
    });

    it('outside the object are refused and name its size', async () => {
      const answer = await s3('GET', '/content/ranged', { headers: { range: 'bytes=700000-' } });
      refused(answer, 416, 'InvalidRange');
      expect(answer.headers['content-range']).toBe('bytes */700000');
    });

    it('count only while If-Range names this object', async () => {
      const range = 'bytes=0-9';
      const { etag = '' } = (await s3('HEAD', '/content/ranged')).headers;
      expect((await s3('GET', '/content/ranged', { headers: { range, 'if-range': etag } })).status).toBe(206);
      expect((await s3('GET', '/content/ranged', { headers: { range, 'if-range': '"other"' } })).status).toBe(200);
    });
  });

  describe('preconditions', () => {
    it('on GET and HEAD are kept', async () => {
      await put('conditional', 'body');
      const { headers } = await s3('HEAD', '/content/conditional');
      const etag = headers.etag ?? '';
      const modified = headers['last-modified'] ?? '';
      const longAgo = 'Mon, 01 Jan 2001 00:00:00 GMT';
      for (const method of ['GET', 'HEAD']) {
        const status = async (given: Record<string, string>) =>
          (await s3(method, '/content/conditional', { headers: given })).status;
        expect(await status({ 'if-none-match': etag })).toBe(304);
        expect(await status({ 'if-none-match': '"other"' })).toBe(200);
        expect(await status({ 'if-match': etag })).toBe(200);
        expect(await status({ 'if-match': '"other"' })).toBe(412);
        expect(await status({ 'if-modified-since': modified })).toBe(304);
        expect(await status({ 'if-modified-since': longAgo })).toBe(200);
        expect(await status({ 'if-unmodified-since': longAgo })).toBe(412);
        expect(await status({ 'if-none-match': '"other"', 'if-modified-since': modified })).toBe(200);
      }
    });

    it('on PUT let exactly one of many writers create a key', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => put('once', `writer ${n}`, { 'if-none-match': '*' })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412, 412, 412]);
      const winner = answers.findIndex(({ status }) => status === 200);
      expect((await s3('GET', '/content/once')).text).toBe(`writer ${winner}`);
      refused(await put('once', 'x', { 'if-none-match': '"etag"' }), 501, 'NotImplemented');
    });

    it('on PUT replace only the version that was read', async () => {
      const { etag = '' } = (await put('versioned', 'one')).headers;
      refused(await put('versioned', 'two', { 'if-match': '"other"' }), 412, 'PreconditionFailed');
      expect((await put('versioned', 'two', { 'if-match': etag })).status).toBe(200);
      refused(await put('not-there', 'x', { 'if-match': etag }), 404, 'NoSuchKey');
    });
  });

  describe('digests', () => {
    const body = 'some bytes';
    const md5 = (text: string) => createHash('md5').update(text).digest('base64');
    const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');

    it('that are right are kept and given back', async () => {
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(body));
      const crc = { 'x-amz-sdk-checksum-algorithm': 'CRC32', 'x-amz-checksum-crc32': sum.toString('base64') };
      expect((await put('digested', body, crc)).status).toBe(200);
      const headers = { 'content-md5': md5(body), 'x-amz-checksum-sha256': sha256(body), 'content-type': 'text/plain' };
      const stored = await put('digested', body, headers);
      const etag = `"${createHash('md5').update(body).digest('hex')}"`;
      expect(stored.headers).toMatchObject({ etag, 'x-amz-checksum-sha256': sha256(body) });
      for (const method of ['GET', 'HEAD']) {
        const answer = await s3(method, '/content/digested', { headers: { 'x-amz-checksum-mode': 'ENABLED' } });
        expect(answer.headers).toMatchObject({
          etag,
          'x-amz-checksum-sha256': sha256(body),
          'content-type': 'text/plain',
          'content-length': '10',
        });
      }
    });

    it('that are wrong or malformed store nothing', async () => {
      refused(await put('bad', body, { 'content-md5': md5('other') }), 400, 'BadDigest');
      refused(await put('bad', body, { 'content-md5': 'nonsense' }), 400, 'InvalidDigest');
      refused(await put('bad', body, { 'x-amz-checksum-sha256': sha256('other') }), 400, 'BadDigest');
      refused(await put('bad', body, { 'x-amz-checksum-sha256': 'nonsense' }), 400, 'InvalidRequest');
      refused(await put('bad', body, { 'x-amz-checksum-crc32': 'AAAAAA==' }), 400, 'BadDigest');
      refused(await put('bad', body, { 'x-amz-checksum-crc32': 'AAAA' }), 400, 'InvalidRequest');
      refused(await put('bad', body, { 'x-amz-checksum-crc64nvme': 'AAAAAA==' }), 501, 'NotImplemented');
      refused(await put('bad', body, { 'x-amz-sdk-checksum-algorithm': 'CRC64NVME' }), 501, 'NotImplemented');
      refused(await s3('GET', '/content/bad'), 404, 'NoSuchKey');
    });
  });

  describe('names', () => {
    it('that climb are refused and write nothing outside', async () => {
      const before = await filesBelow(home.root);
      for (const path of [
        '/content/..%2f..%2f..%2fx',
        '/content/../../x',
        '/content/a/%2e%2e/b',
        '/..%2f..%2fx',
        '/../x',
        '/%2e%2e/x',
        '/.%2e%2fcontent',
      ]) {
        const answer = await s3('PUT', path, { body: 'x' });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
      }
      refused(await s3('PUT', '/content/..%2fx', { body: 'x' }), 400, 'InvalidArgument');
      refused(await s3('PUT', '/..%2fx'), 404, 'NoSuchBucket');
      refused(await s3('PUT', '/..'), 400, 'InvalidBucketName');
      refused(await s3('PUT', '/content/%ff%fe', { body: 'x', key: undefined }), 400, 'InvalidURI');
      refused(await s3('PUT', '/content/%zz', { body: 'x', key: undefined }), 400, 'InvalidURI');
      expect(await filesBelow(home.root)).toEqual(before);
    });

    it('that are strange but legal keep objects apart', async () => {
      const keys = [
        'a',
        'A',
        'a%2F',
        'a/',
        'a//b',
        '=x',
        '%25',
        'x'.repeat(1024),
        '%C3%BC',
        '%F0%9F%98%80',
        '..a',
        '&<>"',
      ];
      const path = (key: string) => `/content/strange/${key.startsWith('x') ? key.slice(8) : key}`;
      const unique = keys.filter((key) => key !== 'a%2F');
      for (const key of unique) expect((await s3('PUT', path(key), { body: key })).status).toBe(200);
      for (const key of unique) expect((await s3('GET', path(key))).text).toBe(key);
      expect((await s3('GET', path('a%2F'))).text).toBe('a/');
      const listed = await s3('GET', '/content?list-type=2&prefix=strange/');
      expect(listed.text.match(/<Key>/g)).toHaveLength(unique.length);
      expect(listed.text).toContain('<Key>strange/&amp;&lt;&gt;&quot;</Key>');
      refused(await s3('PUT', `/content/${'x'.repeat(1025)}`, { body: 'x' }), 400, 'KeyTooLongError');
      refused(await s3('PUT', '/content/a%00b', { body: 'x' }), 400, 'InvalidArgument');
    });

    it.each(['ab', 'Upper', 'under_score', '-x-', 'a..b', '192.168.0.1', 'x'.repeat(64), 'readyz'])(
      'a bucket cannot be called %s',
      async (name) => {
        refused(await s3('PUT', `/${name}`), 400, 'InvalidBucketName');
      },
    );
  });

  describe('what is not there or not supported is said', () => {
    const asked: [method: string, path: string, status: number, code: string, headers?: Record<string, string>][] = [
      ['GET', '/content/none', 404, 'NoSuchKey'],
      ['GET', '/nobucket/none', 404, 'NoSuchBucket'],
      ['PUT', '/nobucket/none', 404, 'NoSuchBucket'],
      ['DELETE', '/nobucket', 404, 'NoSuchBucket'],
      ['GET', '/nobucket?list-type=2', 404, 'NoSuchBucket'],
      ['POST', '/content/x?restore', 501, 'NotImplemented'],
      ['PUT', '/content/x?partNumber=1&uploadId=1', 404, 'NoSuchUpload'],
      ['PUT', '/content/x?partNumber=0&uploadId=1', 400, 'InvalidArgument'],
      ['POST', '/content/x?uploads', 501, 'NotImplemented', { 'x-amz-checksum-algorithm': 'CRC32C' }],
      ['GET', '/content/x?versionId=1', 501, 'NotImplemented'],
      ['GET', '/content?acl', 501, 'NotImplemented'],
      ['PUT', '/content?policy', 501, 'NotImplemented'],
      ['POST', '/content?delete', 501, 'NotImplemented'],
      ['PUT', '/content/x', 404, 'NoSuchKey', { 'x-amz-copy-source': '/content/not-there' }],
      ['PUT', '/content/x', 404, 'NoSuchBucket', { 'x-amz-copy-source': '/nowhere/y' }],
      ['PUT', '/content/x', 400, 'InvalidArgument', { 'x-amz-copy-source': 'y' }],
      ['PUT', '/content/x', 501, 'NotImplemented', { 'x-amz-acl': 'public-read' }],
      ['PUT', '/content/x', 501, 'NotImplemented', { 'x-amz-storage-class': 'GLACIER' }],
      ['PUT', '/content/x', 501, 'NotImplemented', { 'x-amz-server-side-encryption': 'AES256' }],
      ['PUT', '/content/x', 501, 'NotImplemented', { 'x-amz-tagging': 'a=b' }],
      ['DELETE', '/content/x', 404, 'NoSuchKey', { 'if-match': '"x"' }],
      ['POST', '/content', 405, 'MethodNotAllowed'],
      ['PATCH', '/content/x', 405, 'MethodNotAllowed'],
      ['PUT', '/', 405, 'MethodNotAllowed'],
      ['GET', '/content?list-type=3', 400, 'InvalidArgument'],
      ['GET', '/content?max-keys=-1', 400, 'InvalidArgument'],
      ['GET', '/content?max-keys=x', 400, 'InvalidArgument'],
      ['GET', '/content?list-type=2&continuation-token=forged', 400, 'InvalidArgument'],
      ['GET', '/content?prefix=a&prefix=b', 400, 'InvalidArgument'],
      ['GET', '/content?encoding-type=xml', 400, 'InvalidArgument'],
    ];

    const table = asked.map(([method, path, status, code, headers = {}]) => ({ method, path, status, code, headers }));
    it.each(table)('$method $path $headers: $status $code', async ({ method, path, status, code, headers }) => {
      refused(await s3(method, path, { headers }), status, code);
    });

    it('deletes what is not there without complaint', async () => {
      expect((await s3('DELETE', '/content/none')).status).toBe(204);
    });

    it('refuses a malformed or foreign CreateBucketConfiguration', async () => {
      const configuration = (location: string) =>
        `<CreateBucketConfiguration><LocationConstraint>${location}</LocationConstraint></CreateBucketConfiguration>`;
      refused(await s3('PUT', '/located', { body: configuration('mars') }), 400, 'InvalidArgument');
      refused(await s3('PUT', '/located', { body: '<a' }), 400, 'MalformedXML');
      refused(await s3('PUT', '/located', { body: '<other/>' }), 400, 'MalformedXML');
      expect((await s3('PUT', '/located', { body: configuration('us-east-1') })).status).toBe(200);
    });
  });

  describe('the wire', () => {
    /** Opens a socket and sends the head of a signed PUT, and as much of the body as wanted. */
    function halfPut(path: string, contentLength: number, sent: Buffer, more: Partial<TestRequest> = {}) {
      const body = more.body ?? '';
      const headers = signHeaders({ port: store.port, method: 'PUT', path, key: ADMIN, body, ...more });
      const lines = Object.entries({ ...headers, 'content-length': String(contentLength) }).map(
        ([n, v]) => `${n}: ${v}`,
      );
      const socket = connect(store.port, '127.0.0.1');
      let answer = '';
      socket.on('data', (part) => (answer += part.toString('latin1')));
      socket.on('error', () => undefined);
      socket.write(`PUT ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      socket.write(sent);
      return { socket, answer: () => answer };
    }

    const unsigned = { payloadHash: 'UNSIGNED-PAYLOAD' };
    const temporary = () => filesBelow(join(home.folder, 'tmp'));

    it('leaves nothing of a PUT whose connection is cut', async () => {
      await put('torn', 'the original');
      const { socket } = halfPut('/content/torn', 2_000_000, randomBytes(700_000), unsigned);
      await until(async () => (await temporary()).length === 1);
      socket.destroy();
      await until(async () => (await temporary()).length === 0);
      expect((await s3('GET', '/content/torn')).text).toBe('the original');
    });

    it('refuses a body that ends before its Content-Length', async () => {
      const { socket, answer } = halfPut('/content/short', 1000, randomBytes(999), unsigned);
      socket.end();
      await until(() => answer().includes('</Error>'));
      expect(answer()).toMatch(/^HTTP\/1\.1 400 .*<Code>IncompleteBody</s);
      refused(await s3('GET', '/content/short'), 404, 'NoSuchKey');
      await until(async () => (await temporary()).length === 0);
    });

    it('asks for the body only after checking the request', async () => {
      const expecting = { headers: { expect: '100-continue' } };
      const good = halfPut('/content/continued', 5, Buffer.alloc(0), { ...unsigned, ...expecting });
      await until(() => good.answer().includes('100 Continue'));
      good.socket.write('hello');
      await until(() => good.answer().includes('HTTP/1.1 200'));
      good.socket.destroy();
      const bad = halfPut('/nobucket/x', 5_000_000, Buffer.alloc(0), { ...unsigned, ...expecting });
      await until(() => bad.answer().includes('</Error>'));
      expect(bad.answer()).toMatch(/^HTTP\/1\.1 404 .*NoSuchBucket/s);
      bad.socket.destroy();
    });

    it('lets a client that sends too much read why it is refused', async () => {
      const announced = await s3('PUT', '/content/large', { body: Buffer.alloc(MAX_OBJECT_BYTES + 1) });
      refused(announced, 400, 'EntityTooLarge');
      expect(announced.headers.connection).toBe('close');
      const small = await s3('PUT', '/nobucket/large', { body: Buffer.alloc(500_000) });
      refused(small, 404, 'NoSuchBucket');
      expect(small.headers.connection).not.toBe('close');
    });

    it('wants a Content-Length', async () => {
      const headers = { 'transfer-encoding': 'chunked' };
      refused(await s3('PUT', '/content/lengthless', { body: 'x', headers }), 411, 'MissingContentLength');
    });

    it('answers nonsense and too large headers with an error document', async () => {
      const said = async (text: string) => {
        const socket = connect(store.port, '127.0.0.1');
        let answer = '';
        socket.on('data', (part) => (answer += part.toString()));
        socket.on('error', () => undefined);
        socket.write(text);
        await until(() => answer.includes('</Error>'));
        socket.destroy();
        return answer;
      };
      expect(await said('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*InvalidRequest/s);
      expect(await said(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
      expect(await said('GET http://x/y HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*InvalidURI/s);
    });

    it('gives every answer a request id, and errors the same one', async () => {
      const answer = await s3('GET', '/content/none');
      expect(answer.text).toContain(`<RequestId>${answer.headers['x-amz-request-id']}</RequestId>`);
      expect((await s3('HEAD', '/content/none')).body).toHaveLength(0);
    });
  });

  it('that are overwritten while being read and written by many are always whole', async () => {
    const bodies = Array.from({ length: 6 }, (_, n) => Buffer.alloc(200_000 + n, `${n}`));
    const hashes = new Set(bodies.map((body) => sha256Hex(body)));
    await put('contended', bodies[0] ?? '');
    const state = { writing: true };
    const reader = async () => {
      let reads = 0;
      while (state.writing) {
        const answer = await s3('GET', '/content/contended');
        expect(answer.status).toBe(200);
        expect(hashes.has(sha256Hex(answer.body))).toBe(true);
        reads += 1;
      }
      return reads;
    };
    const readers = [reader(), reader()];
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(bodies.map((body) => put('contended', body)));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
    }
    state.writing = false;
    expect((await Promise.all(readers)).every((reads) => reads > 0)).toBe(true);
    const blobs = await filesBelow(join(home.folder, 'blobs'));
    const pointers = (await filesBelow(join(home.folder, 'buckets'))).filter((name) => name.includes('/objects/'));
    expect(blobs).toHaveLength(pointers.length);
  });
});
