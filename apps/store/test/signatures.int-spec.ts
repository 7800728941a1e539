import { createHash } from 'node:crypto';
import type { RunningStore } from '../src/store-process.js';
import { chunkStringToSign, sign, signingKey } from '../src/signature/sigv4.js';
import { type TestAnswer, presign, send, sendRaw, sha256Hex, signHeaders } from './signed-request.js';
import {
  ADMIN,
  READER,
  type StoreHome,
  TENANT,
  filesBelow,
  makeHome,
  removeHome,
  sender,
  startHere,
} from './store-under-test.js';

describe('who may do what', () => {
  let home: StoreHome;
  let store: RunningStore;
  let port: number;
  let admin: ReturnType<typeof sender>;

  beforeAll(async () => {
    home = await makeHome();
    store = await startHere(home);
    port = store.port;
    admin = sender(port);
    expect((await admin('PUT', '/content')).status).toBe(200);
    expect((await admin('PUT', '/tenant')).status).toBe(200);
    expect((await admin('PUT', '/content/object', { body: 'hello' })).status).toBe(200);
  });

  afterAll(async () => {
    await store.stop();
    await removeHome(home);
  });

  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const refused = (answer: TestAnswer, status: number, code: string) =>
    expect({ status: answer.status, code: answer.code }).toEqual({ status, code });

  it('refuses every anonymous request but the two health checks', async () => {
    const paths = ['/', '/content', '/content/object', '/content/..%2f..%2f..%2fx', '/nothing', '/content?list-type=2'];
    for (const path of paths) {
      for (const method of ['GET', 'PUT', 'DELETE', 'POST']) {
        refused(await send({ port, method, path }), 403, 'AccessDenied');
      }
      expect((await send({ port, method: 'HEAD', path })).status).toBe(403);
    }
    expect((await send({ port, method: 'GET', path: '/livez' })).status).toBe(200);
    expect((await send({ port, method: 'GET', path: '/readyz' })).status).toBe(200);
    refused(await send({ port, method: 'PUT', path: '/livez' }), 403, 'AccessDenied');
    refused(await send({ port, method: 'GET', path: '/livez/x' }), 403, 'AccessDenied');
    refused(await admin('PUT', '/livez'), 400, 'InvalidBucketName');
  });

  it('refuses an unknown key, a wrong secret, and other ways of signing', async () => {
    const get = (key: typeof ADMIN) => send({ port, method: 'GET', path: '/content/object', key });
    refused(await get({ ...ADMIN, accessKeyId: 'NOBODY' }), 403, 'InvalidAccessKeyId');
    refused(await get({ ...ADMIN, secretAccessKey: 'wrong-secret' }), 403, 'SignatureDoesNotMatch');
    const headers = { authorization: 'AWS ADMINKEY:c2lnbmF0dXJl' };
    refused(await sendRaw({ port, method: 'GET', path: '/', headers }), 400, 'InvalidRequest');
    headers.authorization = 'Basic YTpi';
    refused(await sendRaw({ port, method: 'GET', path: '/', headers }), 400, 'InvalidRequest');
    headers.authorization = 'AWS4-HMAC-SHA256 garbage';
    refused(await sendRaw({ port, method: 'GET', path: '/', headers }), 400, 'AuthorizationHeaderMalformed');
  });

  it('refuses a signed request that was changed on the way', async () => {
    const path = '/content?list-type=2&prefix=a';
    const original = { port, method: 'GET', path, key: ADMIN };
    const headers = signHeaders(original);
    expect((await sendRaw({ ...original, headers })).status).toBe(200);
    const changes = [
      { method: 'DELETE' },
      { path: '/tenant?list-type=2&prefix=a' },
      { path: '/content?list-type=2&prefix=b' },
      { path: '/content?list-type=2' },
      { headers: { ...headers, host: 'elsewhere' } },
      { headers: { ...headers, 'x-amz-content-sha256': sha256Hex('other') } },
      {
        headers: {
          ...headers,
          authorization: headers['authorization']?.replace(/.$/, (c) => (c === '0' ? '1' : '0')) ?? '',
        },
      },
    ];
    for (const change of changes) {
      refused(await sendRaw({ ...original, headers, ...change }), 403, 'SignatureDoesNotMatch');
    }
    refused(await sendRaw({ ...original, headers: { ...headers, 'x-amz-acl': 'public-read' } }), 403, 'AccessDenied');
  });

  it('refuses a clock that is more than 15 minutes off, both ways', async () => {
    const at = (date: Date) => admin('GET', '/content/object', { at: date });
    expect((await at(minutesAgo(14))).status).toBe(200);
    expect((await at(minutesAgo(-14))).status).toBe(200);
    refused(await at(minutesAgo(16)), 403, 'RequestTimeTooSkewed');
    refused(await at(minutesAgo(-16)), 403, 'RequestTimeTooSkewed');
  });

  it('names its region to whoever signs for another', async () => {
    const answer = await admin('GET', '/content/object', { region: 'mars-north-1' });
    refused(answer, 400, 'AuthorizationHeaderMalformed');
    expect(answer.text).toContain('<Region>us-east-1</Region>');
  });

  it('proves the body against its signed hash, and leaves nothing of a wrong one', async () => {
    const before = await filesBelow(home.folder);
    const wrong = await admin('PUT', '/content/wrong', { body: 'body', payloadHash: sha256Hex('another') });
    refused(wrong, 400, 'XAmzContentSHA256Mismatch');
    refused(await admin('GET', '/content/wrong'), 404, 'NoSuchKey');
    expect(await filesBelow(home.folder)).toEqual(before);
    refused(await admin('PUT', '/content/wrong', { body: 'b', payloadHash: 'abc' }), 400, 'InvalidArgument');
    const streaming = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
    refused(await admin('PUT', '/content/wrong', { body: 'b', payloadHash: streaming }), 501, 'NotImplemented');
    const unsigned = await admin('PUT', '/content/unsigned', { body: 'any', payloadHash: 'UNSIGNED-PAYLOAD' });
    expect(unsigned.status).toBe(200);
  });

  it('keeps a read-only key from writing and a bucket key out of other buckets', async () => {
    const reader = (method: string, path: string) => send({ port, method, path, key: READER });
    expect((await reader('GET', '/content/object')).text).toBe('hello');
    for (const [method, path] of [
      ['PUT', '/content/x'],
      ['DELETE', '/content/object'],
      ['PUT', '/newbucket'],
      ['DELETE', '/tenant'],
    ] as const) {
      refused(await reader(method, path), 403, 'AccessDenied');
    }
    const tenant = (method: string, path: string) => send({ port, method, path, key: TENANT });
    expect((await tenant('PUT', '/tenant/x')).status).toBe(200);
    refused(await tenant('GET', '/content/object'), 403, 'AccessDenied');
    refused(await tenant('GET', '/nothing'), 403, 'AccessDenied');
    const listed = await tenant('GET', '/');
    expect(listed.text).toContain('<Name>tenant</Name>');
    expect(listed.text).not.toContain('<Name>content</Name>');
  });

  describe('with a presigned URL', () => {
    const url = (more: Partial<Parameters<typeof presign>[0]> = {}) =>
      presign({ port, method: 'GET', path: '/content/object', key: ADMIN, expiresSeconds: 60, ...more });
    const get = (path: string, method = 'GET') => sendRaw({ port, method, path });

    it('reads until it expires, and not before it begins', async () => {
      expect((await get(url())).text).toBe('hello');
      expect((await get(url({ at: minutesAgo(60), expiresSeconds: 3660 }))).text).toBe('hello');
      refused(await get(url({ at: minutesAgo(2), expiresSeconds: 60 })), 403, 'AccessDenied');
      refused(await get(url({ at: minutesAgo(-16) })), 403, 'AccessDenied');
    });

    it('is for one method, one object and its own parameters', async () => {
      refused(await get(url(), 'DELETE'), 403, 'SignatureDoesNotMatch');
      refused(await get(url().replace('object', 'other')), 403, 'SignatureDoesNotMatch');
      refused(await get(url().replace('Expires=60', 'Expires=600')), 403, 'SignatureDoesNotMatch');
      refused(await get(`${url()}&versionId=1`), 403, 'SignatureDoesNotMatch');
      refused(await get(url({ key: { ...ADMIN, secretAccessKey: 'wrong-secret' } })), 403, 'SignatureDoesNotMatch');
    });

    it('is refused when malformed', async () => {
      const code = 'AuthorizationQueryParametersError';
      refused(await get(url({ expiresSeconds: 0 })), 400, code);
      refused(await get(url({ expiresSeconds: 604_801 })), 400, code);
      refused(await get(url().replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA')), 400, code);
      refused(await get(url().replace(/&X-Amz-Signature=.*/, '')), 400, code);
      refused(await get(`${url()}&X-Amz-Expires=999`), 400, 'InvalidArgument');
      const headers = signHeaders({ port, method: 'GET', path: '/', key: ADMIN });
      refused(await sendRaw({ port, method: 'GET', path: url(), headers }), 400, 'InvalidArgument');
    });

    it('can bind the body to a SHA-256', async () => {
      const checksum = createHash('sha256').update('agreed').digest('base64');
      const path = `/content/bound?x-amz-checksum-sha256=${encodeURIComponent(checksum)}`;
      const target = presign({ port, method: 'PUT', path, key: ADMIN, expiresSeconds: 60 });
      refused(await sendRaw({ port, method: 'PUT', path: target, body: 'other!' }), 400, 'BadDigest');
      expect((await sendRaw({ port, method: 'PUT', path: target, body: 'agreed' })).status).toBe(200);
    });
  });

  describe('with a body signed in chunks', () => {
    const chunks = ['first chunk ', 'and the second', ''];

    function streamed(tamper: (body: string) => string): Promise<TestAnswer> {
      const path = '/content/streamed';
      const decodedLength = chunks.join('').length;
      const request = {
        port,
        method: 'PUT',
        path,
        key: ADMIN,
        payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        headers: { 'x-amz-decoded-content-length': String(decodedLength), 'content-encoding': 'aws-chunked' },
      };
      const headers = signHeaders(request);
      const timestamp = headers['x-amz-date'] ?? '';
      const scope = { date: timestamp.slice(0, 8), region: 'us-east-1', service: 's3' };
      let previous = headers['authorization']?.split('Signature=')[1] ?? '';
      const parts = chunks.map((chunk) => {
        const text = chunkStringToSign(timestamp, scope, previous, sha256Hex(chunk));
        previous = sign(signingKey(ADMIN.secretAccessKey, scope), text);
        return `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk}\r\n`;
      });
      const body = tamper(parts.join(''));
      return sendRaw({ port, method: 'PUT', path, headers: { ...headers, 'content-length': `${body.length}` }, body });
    }

    it('stores the bytes without their wrapping', async () => {
      expect((await streamed((body) => body)).status).toBe(200);
      const stored = await admin('GET', '/content/streamed');
      expect(stored.text).toBe(chunks.join(''));
      expect(stored.headers['content-encoding']).toBeUndefined();
    });

    it('refuses a chunk that was changed, dropped or cut off', async () => {
      refused(await streamed((body) => body.replace('second', 'SECOND')), 403, 'SignatureDoesNotMatch');
      refused(await streamed((body) => body.slice(body.indexOf('e;'))), 403, 'SignatureDoesNotMatch');
      refused(await streamed((body) => body.slice(0, body.indexOf('0;chunk'))), 400, 'IncompleteBody');
      refused(await streamed((body) => body.slice(0, 120)), 400, 'IncompleteBody');
      refused(await streamed((body) => body.replace('c;chunk', 'zz;chunk')), 400, 'InvalidRequest');
    });
  });
});
