import { pipeline } from 'node:stream/promises';
import type { Bucket } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import { type Exchange, readSmallBody, sendEmpty } from '../http/exchange.js';
import { type ObjectStore, type OpenSlice, closeAll } from './object-store.js';
import type { ObjectPointer } from './pointer.js';
import { checkRead, rangeApplies } from './preconditions.js';
import { type ByteRange, parseRange } from './range.js';

/** Up to this size an answer is read at once and sent with its headers in one write. */
const SMALL_BYTES = 128 * 1024;
const READ_BYTES = 512 * 1024;
/** How often an overwrite may come between reading a pointer and opening its blobs. */
const MAX_ATTEMPTS = 20;

/** `GET` and `HEAD /bucket/key` */
export async function getObject(exchange: Exchange, bucket: Bucket, key: string, objects: ObjectStore): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (await tryGetObject(exchange, bucket, key, objects)) return;
  }
  throw new S3Error('ServiceUnavailable', 'the object is being overwritten faster than it can be opened; try again');
}

/** `DELETE /bucket/key`. Deleting what is not there succeeds, as S3 has it. */
export async function deleteObject(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
  objects: ObjectStore,
): Promise<void> {
  if (exchange.request.headers['if-match'] !== undefined) {
    throw new S3Error('NotImplemented', 'If-Match on DELETE is not implemented by this server');
  }
  await readSmallBody(exchange);
  await objects.delete(bucket, key);
  sendEmpty(exchange, 204);
}

async function tryGetObject(exchange: Exchange, bucket: Bucket, key: string, objects: ObjectStore): Promise<boolean> {
  const { request } = exchange;
  const pointer = await objects.get(bucket, key);
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
  const slices = await objects.openSlices(pointer, bytes.start, bytes.end);
  if (!slices) return false;
  try {
    await sendBytes(exchange, status, headers, slices, bytes);
  } finally {
    await closeAll(slices);
  }
  return true;
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
  } else if (pointer.sha256 !== undefined) {
    // Only with the whole object: a client would take it for the digest of the part.
    headers['x-amz-checksum-sha256'] = pointer.sha256;
    headers['x-amz-checksum-type'] = 'FULL_OBJECT';
  }
  return headers;
}

async function sendBytes(
  exchange: Exchange,
  status: number,
  headers: Record<string, string | number>,
  slices: readonly OpenSlice[],
  bytes: ByteRange,
): Promise<void> {
  const { response } = exchange;
  const [only, ...more] = slices;
  const length = bytes.end - bytes.start + 1;
  if (only && more.length === 0 && length <= SMALL_BYTES) {
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await only.handle.read(buffer, 0, length, only.start);
    if (bytesRead !== length) throw new Error(`blob ${only.blob.id} ended early`);
    response.writeHead(status, headers);
    response.end(buffer);
    return;
  }
  response.writeHead(status, headers);
  await pipeline(readSlices(slices), response);
}

async function* readSlices(slices: readonly OpenSlice[]): AsyncGenerator<Buffer> {
  for (const { handle, blob, start, end } of slices) {
    let position = start;
    let next = readAt(handle, position, end);
    while (position <= end) {
      const buffer = await next;
      if (buffer.length === 0) throw new Error(`blob ${blob.id} ended early`);
      position += buffer.length;
      // Read ahead while the socket takes what we have.
      next = position <= end ? readAt(handle, position, end) : Promise.resolve(buffer);
      next.catch(() => undefined);
      yield buffer;
    }
  }
}

async function readAt(handle: OpenSlice['handle'], position: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - position + 1));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
  return buffer.subarray(0, bytesRead);
}

function lastModified(pointer: ObjectPointer): string {
  return new Date(pointer.modifiedAt).toUTCString();
}
