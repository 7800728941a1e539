import type { IncomingHttpHeaders } from 'node:http';
import { S3Error, notImplemented } from '../errors.js';
import { type Exchange, readSmallBody, sendXml } from '../http/exchange.js';
import type { Serving } from '../serving.js';
import {
  CONDITIONS,
  type CopySource,
  MAX_ATTEMPTS,
  type SourceConditions,
  assertCopied,
  sourceTooFast,
} from './duplicate-object.js';
import { getPointer } from './get-object.js';
import { assertKey } from './key-file-names.js';
import type { ObjectReader } from './object-reader.js';
import { openBytes } from './open-bytes.js';
import { readWritePreconditions } from './preconditions.js';
import { readHeaders } from './put-object.js';
import type { ByteRange } from './range.js';

/** `x-amz-copy-source` taken apart. @throws S3Error `InvalidArgument`, `NotImplemented` for versions */
export function parseCopySource(exchange: Exchange): CopySource {
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
  bucket: string,
  key: string,
  source: CopySource,
  { coordinator }: Serving,
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
  const pointer = await coordinator.copy(bucket, key, {
    source,
    conditions: sourceConditions(headers),
    preconditions,
    at: exchange.now.toISOString(),
    ...(described && { described }),
  });
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
  serving: Serving,
  rangeOf: (size: number) => ByteRange,
): Promise<ObjectReader> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const pointer = await getPointer(serving, source.bucket, source.key);
    assertCopied(sourceConditions(exchange.request.headers), pointer);
    const { start, end } = rangeOf(pointer.size);
    const reader = await openBytes(serving, source.bucket, pointer, start, end);
    if (reader) return reader;
  }
  throw sourceTooFast();
}

/** The conditions on the source of a copy, as those of a read. */
function sourceConditions(headers: IncomingHttpHeaders): SourceConditions {
  const conditions: SourceConditions = {};
  for (const name of CONDITIONS) {
    const value = headers[`x-amz-copy-source-${name}`];
    if (typeof value === 'string') conditions[name] = value;
  }
  return conditions;
}
