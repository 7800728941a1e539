import { parseRequestTarget } from '../http/request-target.js';
import {
  EMPTY_SHA256,
  canonicalRequest,
  chunkStringToSign,
  encodePath,
  equalSignatures,
  parseCredential,
  parseTimestamp,
  sign,
  signingKey,
  stringToSign,
} from './sigv4.js';

// The examples of "Signature Calculations for the Authorization Header", "Authenticating Requests: Using Query
// Parameters" and "…Transferring Payload in Multiple Chunks" in the Amazon S3 API reference.
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const TIMESTAMP = '20130524T000000Z';
const SCOPE = { date: '20130524', region: 'us-east-1', service: 's3' };
const KEY = signingKey(SECRET, SCOPE);

function signatureOf(method: string, rawTarget: string, headers: Record<string, string>, payloadHash: string): string {
  const { path, query } = parseRequestTarget(rawTarget);
  const map = new Map(Object.entries(headers));
  const canonical = canonicalRequest({
    method,
    path,
    query,
    headers: map,
    signedHeaders: [...map.keys()].sort(),
    payloadHash,
  });
  return sign(KEY, stringToSign(TIMESTAMP, SCOPE, canonical));
}

const common = {
  host: 'examplebucket.s3.amazonaws.com',
  'x-amz-content-sha256': EMPTY_SHA256,
  'x-amz-date': TIMESTAMP,
};

describe('Signature Version 4, against the published examples', () => {
  it('signs GET Object with a range', () => {
    expect(signatureOf('GET', '/test.txt', { ...common, range: 'bytes=0-9' }, EMPTY_SHA256)).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('signs PUT Object whose key needs encoding', () => {
    const payload = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072';
    const headers = {
      ...common,
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-content-sha256': payload,
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    };
    expect(signatureOf('PUT', '/test$file.text', headers, payload)).toBe(
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    );
  });

  it('signs a query parameter without a value', () => {
    expect(signatureOf('GET', '/?lifecycle', common, EMPTY_SHA256)).toBe(
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    );
  });

  it('signs a listing, whatever the order of its parameters', () => {
    const expected = '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7';
    expect(signatureOf('GET', '/?max-keys=2&prefix=J', common, EMPTY_SHA256)).toBe(expected);
    expect(signatureOf('GET', '/?prefix=J&max-keys=2', common, EMPTY_SHA256)).toBe(expected);
  });

  it('signs a presigned URL', () => {
    const target =
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F' +
      'aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host';
    expect(signatureOf('GET', target, { host: 'examplebucket.s3.amazonaws.com' }, 'UNSIGNED-PAYLOAD')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  it('signs the chunks of a streamed body, each over the one before', () => {
    const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
    const chunkDigests = [
      'bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a',
      '2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a',
      EMPTY_SHA256,
    ];
    let previous = seed;
    const signatures = chunkDigests.map(
      (digest) => (previous = sign(KEY, chunkStringToSign(TIMESTAMP, SCOPE, previous, digest))),
    );
    expect(signatures).toEqual([
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ]);
  });
});

describe('the parts of a signature', () => {
  it('encodes a path once, keeps slashes and dots, and escapes what encodeURIComponent leaves', () => {
    expect(encodePath("/a b/ü/(1)!*'~/../x")).toBe('/a%20b/%C3%BC/%281%29%21%2A%27~/../x');
  });

  it('takes nothing but 64 lower-case hex digits as a signature', () => {
    const signature = 'ab'.repeat(32);
    expect(equalSignatures(signature, signature)).toBe(true);
    expect(equalSignatures(signature, `ac${'ab'.repeat(31)}`)).toBe(false);
    expect(equalSignatures(signature, signature.toUpperCase())).toBe(false);
    expect(equalSignatures(signature, '')).toBe(false);
  });

  it('reads a credential scope and refuses other shapes', () => {
    expect(parseCredential('AK/20130524/us-east-1/s3/aws4_request')).toEqual({ accessKeyId: 'AK', scope: SCOPE });
    for (const text of ['', 'AK/20130524/us-east-1/s3', 'AK/2013/us-east-1/s3/aws4_request', 'a/b/c/d/e/f']) {
      expect(parseCredential(text)).toBeUndefined();
    }
  });

  it('reads its own time format only', () => {
    expect(parseTimestamp(TIMESTAMP)).toBe(Date.UTC(2013, 4, 24));
    expect(parseTimestamp('2013-05-24T00:00:00Z')).toBeUndefined();
    expect(parseTimestamp('20131324T000000Z')).toBeUndefined();
  });
});
