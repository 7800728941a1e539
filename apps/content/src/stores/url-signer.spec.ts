import * as fc from 'fast-check';
import { Client } from 'minio';
import { UrlSigner, type SignableRequest } from './url-signer.js';

const KEYS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const ENDPOINTS = ['http://127.0.0.1:9000', 'https://s3.example.com', 'http://store.example:80', 'https://store:9443/'];
const DAY = Date.UTC(2026, 10, 26);

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const request = fc.record({
  method: fc.constantFrom<SignableRequest['method'][]>('GET', 'HEAD', 'PUT', 'DELETE'),
  key: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), { nil: undefined }),
  query: fc.dictionary(
    fc.constantFrom('x-amz-checksum-sha256', 'x-amz-checksum-mode', 'list-type', 'prefix', 'max-keys', 'start-after'),
    text,
    { noNullPrototype: true },
  ),
});

describe('A presigned URL', () => {
  it('is that of the published example', () => {
    // "Authenticating Requests: Using Query Parameters" of the Amazon S3 API reference. Its bucket is in the host: what is a bucket to
    // us is the key there.
    const address = { endpoint: 'https://examplebucket.s3.amazonaws.com', region: 'us-east-1', bucket: 'test.txt' };
    const signer = new UrlSigner(address, KEYS);
    expect(`${signer.origin}${signer.sign({ method: 'GET' }, 86_400, Date.UTC(2013, 4, 24))}`).toBe(
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
        '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
        '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  it('is the one that another program makes of the same request, at any time, whatever was signed before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ENDPOINTS),
        fc.constantFrom('us-east-1', 'eu-central-1', 'default'),
        fc.string({ minLength: 1, maxLength: 40 }),
        fc.array(
          fc.record({
            wanted: request,
            seconds: fc.integer({ min: 1, max: 604_800 }),
            at: fc.integer({ min: 0, max: 3 * 24 * 3_600_000 }).map((later) => DAY + later),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        async (endpoint, region, secretAccessKey, signed) => {
          const keys = { ...KEYS, secretAccessKey };
          const signer = new UrlSigner({ endpoint, region, bucket: 'content' }, keys);
          const other = minioClient(endpoint, region, keys);
          for (const { wanted, seconds, at } of signed) {
            const url = new URL(`${signer.origin}${signer.sign(wanted, seconds, at)}`);
            const { method, key = '', query } = wanted;
            const its = new URL(await other.presignedUrl(method, 'content', key, seconds, query, new Date(at)));
            expect(sorted(url)).toEqual(sorted(its));
            expect([url.origin, url.pathname]).toEqual([its.origin, its.pathname]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('sorts a name before those that begin with it, as the signature wants it', () => {
    const signer = new UrlSigner({ endpoint: 'http://store', region: 'us-east-1', bucket: 'content' }, KEYS);
    const path = signer.sign({ method: 'GET', query: { 'list-type': '2', list: '1' } }, 60, DAY);
    expect(path.indexOf('list=1')).toBeLessThan(path.indexOf('list-type=2'));
  });
});

function minioClient(endpoint: string, region: string, keys: typeof KEYS): Client {
  const { hostname, port, protocol } = new URL(endpoint);
  const useSSL = protocol === 'https:';
  return new Client({
    endPoint: hostname,
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    accessKey: keys.accessKeyId,
    secretKey: keys.secretAccessKey,
    region,
  });
}

/** The parameters as they stand in the URL, still encoded: their order is the signer's own. */
function sorted(url: URL): string[] {
  return url.search.slice(1).split('&').sort();
}
