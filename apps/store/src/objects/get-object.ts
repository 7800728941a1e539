import { pipeline } from 'node:stream/promises';
import { S3Error } from '../errors.js';
import { type Exchange, readSmallBody, sendEmpty } from '../http/exchange.js';
import type { Serving } from '../serving.js';
import { compressedIfWorthwhile, takesZstd } from './compressed.js';
import type { ObjectReader } from './object-reader.js';
import { openBytes } from './open-bytes.js';
import type { ObjectPointer } from './pointer.js';
import { checkRead, rangeApplies, readWritePreconditions } from './preconditions.js';
import { type ByteRange, parseRange } from './range.js';

/** Up to this size an answer is read at once and sent with its headers in one write. */
const SMALL_BYTES = 128 * 1024;
/** How often an overwrite may come between reading a pointer and opening its blobs. */
const MAX_ATTEMPTS = 20;

/** `GET` and `HEAD /bucket/key` */
export async function getObject(exchange: Exchange, bucket: string, key: string, serving: Serving): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (await tryGetObject(exchange, bucket, key, serving)) return;
  }
  throw new S3Error('ServiceUnavailable', 'the object is being overwritten faster than it can be opened; try again');
}

/** `DELETE /bucket/key`. Deleting what is not there succeeds, as S3 has it. */
export async function deleteObject(
  exchange: Exchange,
  bucket: string,
  key: string,
  { coordinator }: Serving,
): Promise<void> {
  const preconditions = readWritePreconditions(exchange.request.headers);
  await readSmallBody(exchange);
  await coordinator.delete(bucket, key, preconditions);
  sendEmpty(exchange, 204);
}

async function tryGetObject(exchange: Exchange, bucket: string, key: string, serving: Serving): Promise<boolean> {
  const { request } = exchange;
  const pointer = await getPointer(serving, bucket, key);
  if (checkRead(request.headers, pointer) === 'not-modified') {
    sendEmpty(exchange, 304, { etag: `"${pointer.etag}"`, 'last-modified': lastModified(pointer) });
    return true;
  }
  const range = parseRange(rangeApplies(request.headers, pointer) ? request.headers.range : undefined, pointer.size);
  if (range === 'unsatisfiable') {
    exchange.response.setHeader('content-range', `bytes */${pointer.size}`);
    throw new S3Error('InvalidRange', undefined, { ActualObjectSize: String(pointer.size) });
  }
  const bytes = range === 'whole' ? { start: 0, end: pointer.size - 1 } : range;
  const status = range === 'whole' ? 200 : 206;
  const headers = describe(pointer, bytes, status);
  if (request.method === 'HEAD' || bytes.end < bytes.start) {
    exchange.response.writeHead(status, headers);
    exchange.response.end();
    return true;
  }
  const reader = await openBytes(serving, bucket, pointer, bytes.start, bytes.end);
  if (!reader) return false;
  try {
    if (bytes.end - bytes.start < SMALL_BYTES) {
      const body = await reader.readAll();
      exchange.response.writeHead(status, headers);
      exchange.response.end(body);
    } else if (range === 'whole' && headers['content-encoding'] === undefined && acceptsZstd(exchange)) {
      await sendShrunk(exchange, reader, headers);
    } else {
      exchange.response.writeHead(status, headers);
      await pipeline(reader.read(), exchange.response);
    }
  } finally {
    await reader.close();
  }
  return true;
}

/** @throws S3Error `NoSuchKey` */
export async function getPointer({ coordinator }: Serving, bucket: string, key: string): Promise<ObjectPointer> {
  const pointer = await coordinator.find(bucket, key);
  if (!pointer) throw new S3Error('NoSuchKey', undefined, { Key: key });
  return pointer;
}

function acceptsZstd({ request }: Exchange): boolean {
  const accepted = request.headers['accept-encoding'];
  return takesZstd(Array.isArray(accepted) ? accepted.join(',') : accepted);
}

/** A whole object to somebody who takes it compressed: another site, over a link that is slower than we compress. */
async function sendShrunk(
  { response }: Exchange,
  reader: ObjectReader,
  headers: Record<string, string | number>,
): Promise<void> {
  const { compressed, bytes } = await compressedIfWorthwhile(reader.read());
  const { 'content-length': _, ...others } = headers;
  const encoded = { ...others, 'content-encoding': 'zstd' };
  response.writeHead(200, { ...(compressed ? encoded : headers), vary: 'accept-encoding' });
  await pipeline(bytes, response);
}

function describe(pointer: ObjectPointer, bytes: ByteRange, status: number): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    'content-type': 'binary/octet-stream',
    ...pointer.headers,
    'content-length': bytes.end - bytes.start + 1,
    etag: `"${pointer.etag}"`,
    'last-modified': lastModified(pointer),
    'accept-ranges': 'bytes',
  };
  for (const [name, value] of Object.entries(pointer.metadata)) headers[`x-amz-meta-${name}`] = value;
  if (status === 206) {
    headers['content-range'] = `bytes ${bytes.start}-${bytes.end}/${pointer.size}`;
  } else {
    // Only with the whole object: a client would take it for the digest of the part.
    Object.assign(headers, checksumHeaders(pointer));
  }
  return headers;
}

/** What is known of the whole object's SHA-256, as S3 says it. */
export function checksumHeaders(pointer: ObjectPointer): Record<string, string> {
  if (pointer.sha256 !== undefined) {
    return { 'x-amz-checksum-sha256': pointer.sha256, 'x-amz-checksum-type': 'FULL_OBJECT' };
  }
  if (pointer.compositeSha256 === undefined) return {};
  return { 'x-amz-checksum-sha256': pointer.compositeSha256, 'x-amz-checksum-type': 'COMPOSITE' };
}

function lastModified(pointer: ObjectPointer): string {
  return new Date(pointer.modifiedAt).toUTCString();
}
