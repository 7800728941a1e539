import type { IncomingHttpHeaders } from 'node:http';
import type { Bucket } from '../buckets/bucket-folders.js';
import { S3Error, notImplemented } from '../errors.js';
import { type Exchange, readSmallBody, sendXml } from '../http/exchange.js';
import { assertKey } from './key-file-names.js';
import type { ObjectReader } from './object-reader.js';
import type { ObjectStore } from './object-store.js';
import type { BlobReference, ObjectPointer } from './pointer.js';
import { assertMayWrite, checkRead, readWritePreconditions } from './preconditions.js';
import { readHeaders } from './put-object.js';
import type { ByteRange } from './range.js';

/** How often the source may be overwritten while it is being opened. */
const MAX_ATTEMPTS = 20;

/** The object that a copy is made of. */
export interface CopySource {
  bucket: Bucket;
  key: string;
}

/** `x-amz-copy-source` taken apart. @throws S3Error `InvalidArgument`, `NotImplemented` for versions */
export function parseCopySource(exchange: Exchange): { bucket: string; key: string } {
  const text = String(exchange.request.headers['x-amz-copy-source'] ?? '');
  if (/\?versionId=/.test(text)) throw notImplemented('versionId in x-amz-copy-source');
  let path: string;
  try {
    path = decodeURIComponent(text.replace(/^\//, ''));
  } catch {
    path = '';
  }
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw new S3Error('InvalidArgument', 'x-amz-copy-source must be /BUCKET/KEY, percent-encoded');
  }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
}

/**
 * `PUT /bucket/key` with `x-amz-copy-source`: the same bytes under another key. Each blob gets a second name on disk; no byte is
 * copied where the file system has hard links. ETag and checksums stay.
 */
export async function copyObject(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
  source: CopySource,
  objects: ObjectStore,
): Promise<void> {
  assertKey(key);
  const { headers } = exchange.request;
  const directive = headers['x-amz-metadata-directive'] ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new S3Error('InvalidArgument', 'x-amz-metadata-directive must be COPY or REPLACE');
  }
  if (directive === 'COPY' && source.bucket === bucket && source.key === key) {
    throw new S3Error('InvalidRequest', 'a copy onto itself must change something: x-amz-metadata-directive: REPLACE');
  }
  const described = directive === 'REPLACE' ? readHeaders(exchange) : undefined;
  const preconditions = readWritePreconditions(headers);
  await readSmallBody(exchange);
  assertMayWrite(preconditions, await objects.find(bucket, key));
  const copied = await duplicate(source, objects, headers);
  const { uploadId: _, ...kept } = copied;
  const pointer: ObjectPointer = { ...kept, key, modifiedAt: exchange.now.toISOString(), ...described };
  try {
    await objects.point(bucket, pointer, preconditions);
  } catch (error) {
    await abandon(pointer, objects, await objects.find(bucket, key).catch(() => undefined));
    throw error;
  }
  sendXml(exchange, 'CopyObjectResult', {
    LastModified: pointer.modifiedAt,
    ETag: `"${pointer.etag}"`,
    ChecksumSHA256: pointer.sha256 ?? pointer.compositeSha256,
    ChecksumType: pointer.sha256 === undefined ? 'COMPOSITE' : 'FULL_OBJECT',
  });
}

/** Opens a range of the source of a copy. @throws S3Error `PreconditionFailed`, `NoSuchKey`, whatever `rangeOf` throws */
export async function openCopySource(
  exchange: Exchange,
  source: CopySource,
  objects: ObjectStore,
  rangeOf: (size: number) => ByteRange,
): Promise<{ reader: ObjectReader }> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const pointer = await sourcePointer(source, objects, exchange.request.headers);
    const { start, end } = rangeOf(pointer.size);
    const reader = await objects.openBytes(source.bucket, pointer, start, end);
    if (reader) return { reader };
  }
  throw tooFast();
}

/** The source's pointer over blobs of its own. */
async function duplicate(
  source: CopySource,
  objects: ObjectStore,
  headers: IncomingHttpHeaders,
): Promise<ObjectPointer> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const pointer = await sourcePointer(source, objects, headers);
    const blobs: BlobReference[] = [];
    try {
      for (const { id, size } of pointer.blobs) {
        const copy = await objects.blobs.duplicate(id);
        if (copy === undefined) break;
        blobs.push({ id: copy, size });
      }
    } catch (error) {
      await abandon({ ...pointer, blobs }, objects, undefined);
      throw error;
    }
    if (blobs.length === pointer.blobs.length) return { ...pointer, blobs };
    await abandon({ ...pointer, blobs }, objects, undefined);
  }
  throw tooFast();
}

/** Removes the blobs of a copy that did not come about. */
async function abandon(
  { blobs }: ObjectPointer,
  objects: ObjectStore,
  visible: ObjectPointer | undefined,
): Promise<void> {
  const ids = blobs.map(({ id }) => id);
  objects.blobs.named(...ids);
  if (visible?.blobs[0] && visible.blobs[0].id === ids[0]) return;
  await objects.blobs.remove(ids);
}

async function sourcePointer(
  source: CopySource,
  objects: ObjectStore,
  headers: IncomingHttpHeaders,
): Promise<ObjectPointer> {
  const pointer = await objects.get(source.bucket, source.key);
  const condition = (name: string) => {
    const value = headers[`x-amz-copy-source-${name}`];
    return typeof value === 'string' ? { [name]: value } : {};
  };
  const conditions = {
    ...condition('if-match'),
    ...condition('if-none-match'),
    ...condition('if-modified-since'),
    ...condition('if-unmodified-since'),
  };
  if (checkRead(conditions, pointer) === 'not-modified') throw new S3Error('PreconditionFailed');
  return pointer;
}

function tooFast(): S3Error {
  return new S3Error('ServiceUnavailable', 'the source is being overwritten faster than it can be opened; try again');
}
