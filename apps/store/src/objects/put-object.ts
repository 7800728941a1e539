import type { Bucket } from '../buckets/bucket-folders.js';
import { S3Error, notImplemented } from '../errors.js';
import { type Exchange, assertPayload, bodyOf, headerOrQuery, sendEmpty } from '../http/exchange.js';
import { decodeChunkedBody } from '../signature/chunked-body.js';
import type { ReceivedBlob } from './blob-files.js';
import { assertKey } from './key-file-names.js';
import type { ObjectHeaders, ObjectStore } from './object-store.js';
import { assertMayWrite, readWritePreconditions } from './preconditions.js';

/** Headers that are kept with an object and given back as they came. */
const KEPT_HEADERS = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'] as const;
const MAX_METADATA_BYTES = 2048;

/** `PUT /bucket/key`: receives the body, checks everything that was stated about it, then makes it visible at once. */
export async function putObject(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
  objects: ObjectStore,
  maxObjectBytes: number,
): Promise<void> {
  assertKey(key);
  const stated = readStated(exchange, maxObjectBytes);
  const described = readHeaders(exchange);
  const preconditions = readWritePreconditions(exchange.request.headers);
  // Again under the lock when it counts; here it spares the client the upload.
  assertMayWrite(preconditions, await objects.find(bucket, key));

  const { payload } = exchange.identity;
  const body = payload.kind === 'chunked' ? decodeChunkedBody(bodyOf(exchange), payload) : bodyOf(exchange);
  const blob = await objects.blobs.receive(body, maxObjectBytes);
  try {
    assertAsStated(exchange, blob, stated);
    const pointer = await objects.commit(bucket, key, blob, { ...described, preconditions, now: exchange.now });
    sendEmpty(exchange, 200, {
      etag: `"${pointer.etag}"`,
      'x-amz-checksum-sha256': pointer.sha256 ?? '',
      'x-amz-checksum-type': 'FULL_OBJECT',
    });
  } catch (error) {
    await objects.blobs.discard(blob.id);
    throw error;
  }
}

/** What the request says about its body. */
interface StatedBody {
  size: number;
  md5: Buffer | undefined;
  sha256: Buffer | undefined;
}

function readStated(exchange: Exchange, maxObjectBytes: number): StatedBody {
  const { headers } = exchange.request;
  if (headers['transfer-encoding'] !== undefined || headers['content-length'] === undefined) {
    throw new S3Error('MissingContentLength');
  }
  const algorithm = headerOrQuery(exchange, 'x-amz-sdk-checksum-algorithm');
  if (algorithm !== undefined && algorithm.toUpperCase() !== 'SHA256') {
    throw notImplemented(`checksum algorithm ${algorithm.slice(0, 32)} (SHA256 is)`);
  }
  const chunked = exchange.identity.payload.kind === 'chunked';
  const lengthText = chunked ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (typeof lengthText !== 'string' || !/^\d{1,15}$/.test(lengthText)) {
    throw new S3Error('MissingContentLength', 'an aws-chunked body needs x-amz-decoded-content-length');
  }
  const size = Number(lengthText);
  if (size > maxObjectBytes) {
    throw new S3Error('EntityTooLarge', undefined, {
      ProposedSize: lengthText,
      MaxSizeAllowed: String(maxObjectBytes),
    });
  }
  const sha256 = base64Digest(headerOrQuery(exchange, 'x-amz-checksum-sha256'), 32);
  if (sha256 === 'malformed') {
    throw new S3Error('InvalidRequest', 'x-amz-checksum-sha256 must be the base64 of 32 bytes');
  }
  const md5 = base64Digest(headerOrQuery(exchange, 'content-md5'), 16);
  if (md5 === 'malformed') throw new S3Error('InvalidDigest');
  return { size, md5, sha256 };
}

function assertAsStated(exchange: Exchange, blob: ReceivedBlob, stated: StatedBody): void {
  if (blob.size !== stated.size) throw new S3Error('IncompleteBody');
  assertPayload(exchange.identity.payload, blob.sha256.toString('hex'));
  if (stated.md5 && !stated.md5.equals(blob.md5)) {
    throw new S3Error('BadDigest', 'Content-MD5 is not the MD5 of the bytes received');
  }
  if (stated.sha256 && !stated.sha256.equals(blob.sha256)) {
    throw new S3Error('BadDigest', 'x-amz-checksum-sha256 is not the SHA-256 of the bytes received');
  }
}

function readHeaders(exchange: Exchange): ObjectHeaders {
  const given = exchange.request.headers;
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = given[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const encoding = (given['content-encoding'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'aws-chunked')
    .join(', ');
  if (encoding !== '') headers['content-encoding'] = encoding;
  const metadata: Record<string, string> = {};
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(given)) {
    if (!name.startsWith('x-amz-meta-') || typeof value !== 'string') continue;
    metadata[name.slice('x-amz-meta-'.length)] = value;
    metadataBytes += name.length - 'x-amz-meta-'.length + Buffer.byteLength(value);
  }
  if (metadataBytes > MAX_METADATA_BYTES) {
    throw new S3Error('InvalidArgument', `x-amz-meta-* may have ${MAX_METADATA_BYTES} bytes in all`);
  }
  return { headers, metadata };
}

function base64Digest(text: string | undefined, bytes: number): Buffer | undefined | 'malformed' {
  if (text === undefined) return undefined;
  const digest = Buffer.from(text, 'base64');
  return digest.length === bytes && digest.toString('base64') === text ? digest : 'malformed';
}
