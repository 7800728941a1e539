import { S3Error } from '../errors.js';
import { type Exchange, sendEmpty } from '../http/exchange.js';
import type { Serving } from '../serving.js';
import { checksumHeaders } from './get-object.js';
import { assertKey } from './key-file-names.js';
import type { ObjectHeaders } from './object-store.js';
import type { ObjectPointer } from './pointer.js';
import { assertMayWrite, isConditional, readWritePreconditions } from './preconditions.js';
import { receiveBody } from './receive-body.js';

/** Headers that are kept with an object and given back as they came. */
const KEPT_HEADERS = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'] as const;
const MAX_METADATA_BYTES = 2048;

/** `PUT /bucket/key`: receives the body, checks everything that was stated about it, then makes it visible at once. */
export async function putObject(
  exchange: Exchange,
  bucket: string,
  key: string,
  { coordinator, files, maxObjectBytes }: Serving,
): Promise<void> {
  assertKey(key);
  const described = readHeaders(exchange);
  const preconditions = readWritePreconditions(exchange.request.headers);
  await coordinator.requireBucket(bucket);
  // Again under the lock when it counts; here it spares the client the upload.
  if (isConditional(preconditions)) assertMayWrite(preconditions, await coordinator.find(bucket, key));

  const blob = await receiveBody(exchange, files, maxObjectBytes);
  const pointer: ObjectPointer = {
    pointerVersion: 1,
    key,
    size: blob.size,
    etag: blob.md5.toString('hex'),
    sha256: blob.sha256.toString('base64'),
    modifiedAt: exchange.now.toISOString(),
    ...described,
    blobs: [{ id: blob.id, size: blob.size }],
  };
  try {
    await coordinator.put(bucket, pointer, blob.path, preconditions);
  } catch (error) {
    await files.discard(blob);
    throw error;
  }
  sendEmpty(exchange, 200, { etag: `"${pointer.etag}"`, ...checksumHeaders(pointer) });
}

/** Headers and metadata that are kept with an object. @throws S3Error `InvalidArgument` */
export function readHeaders(exchange: Exchange): ObjectHeaders {
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
