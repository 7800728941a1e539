import { S3Error, notImplemented } from '../errors.js';
import { type Exchange, readSmallBody, sendEmpty, sendXml } from '../http/exchange.js';
import { queryValue } from '../http/request-target.js';
import type { ReceivedBlob } from '../objects/body-files.js';
import { openCopySource } from '../objects/copy-object.js';
import type { CopySource } from '../objects/duplicate-object.js';
import { assertKey } from '../objects/key-file-names.js';
import { readHeaders } from '../objects/put-object.js';
import { parseRange } from '../objects/range.js';
import { type ReceivedBody, isChecksumAlgorithm, receiveBody } from '../objects/receive-body.js';
import type { Serving } from '../serving.js';
import { MAX_PARTS } from './choose-parts.js';
import type { PartRecord } from './upload-records.js';

/** `POST /bucket/key?uploads` */
export async function createUpload(
  exchange: Exchange,
  bucket: string,
  key: string,
  { coordinator }: Serving,
): Promise<void> {
  assertKey(key);
  await coordinator.requireBucket(bucket);
  const { headers } = exchange.request;
  const algorithm = headers['x-amz-checksum-algorithm'];
  if (algorithm !== undefined && !isChecksumAlgorithm(String(algorithm))) {
    throw notImplemented(`checksum algorithm ${String(algorithm).slice(0, 32)} (SHA256 and CRC32 are)`);
  }
  const type = headers['x-amz-checksum-type'];
  if (type !== undefined && type !== 'COMPOSITE') throw notImplemented('checksum type other than COMPOSITE');
  const described = readHeaders(exchange);
  await readSmallBody(exchange);
  const id = await coordinator.createUpload(bucket, key, described, exchange.now.toISOString());
  sendXml(exchange, 'InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id });
}

/** `PUT /bucket/key?partNumber=N&uploadId=ID` */
export async function uploadPart(exchange: Exchange, bucket: string, key: string, serving: Serving): Promise<void> {
  const [id, number] = [uploadIdOf(exchange), partNumberOf(exchange)];
  // Again when the part counts; here it spares the client the upload.
  await serving.coordinator.requireUpload(bucket, key, id);
  const blob = await receiveBody(exchange, serving.files, serving.maxObjectBytes);
  const part = await keepPart(exchange, bucket, key, id, number, blob, serving);
  sendEmpty(exchange, 200, { etag: `"${part.etag}"`, 'x-amz-checksum-sha256': part.sha256 });
}

/** `PUT /bucket/key?partNumber=N&uploadId=ID` with `x-amz-copy-source`: the bytes, or a range of them, are read and written. */
export async function uploadPartCopy(
  exchange: Exchange,
  bucket: string,
  key: string,
  source: CopySource,
  serving: Serving,
): Promise<void> {
  const [id, number] = [uploadIdOf(exchange), partNumberOf(exchange)];
  await readSmallBody(exchange);
  await serving.coordinator.requireUpload(bucket, key, id);
  const given = exchange.request.headers['x-amz-copy-source-range'];
  const reader = await openCopySource(exchange, source, serving, (size) => {
    const range = given === undefined ? 'whole' : parseRange(String(given), size);
    if (given !== undefined && (typeof range === 'string' || !String(given).endsWith(`-${range.end}`))) {
      throw new S3Error('InvalidRange', 'x-amz-copy-source-range must be bytes=FIRST-LAST, within the source');
    }
    return typeof range === 'string' ? { start: 0, end: size - 1 } : range;
  });
  let blob: ReceivedBlob;
  try {
    blob = await serving.files.receive(reader.read(), Number.POSITIVE_INFINITY);
  } finally {
    await reader.close();
  }
  const part = await keepPart(exchange, bucket, key, id, number, blob, serving);
  sendXml(exchange, 'CopyPartResult', {
    LastModified: part.modifiedAt,
    ETag: `"${part.etag}"`,
    ChecksumSHA256: part.sha256,
  });
}

/** `DELETE /bucket/key?uploadId=ID` */
export async function abortUpload(
  exchange: Exchange,
  bucket: string,
  key: string,
  { coordinator }: Serving,
): Promise<void> {
  const id = uploadIdOf(exchange);
  await readSmallBody(exchange);
  await coordinator.abortUpload(bucket, key, id);
  sendEmpty(exchange, 204);
}

/** @throws S3Error `NoSuchUpload` for none */
export function uploadIdOf(exchange: Exchange): string {
  const id = queryValue(exchange.target, 'uploadId');
  if (!id) throw new S3Error('NoSuchUpload');
  return id;
}

async function keepPart(
  exchange: Exchange,
  bucket: string,
  key: string,
  id: string,
  number: number,
  blob: ReceivedBody,
  { coordinator, files }: Serving,
): Promise<PartRecord> {
  const part: PartRecord = {
    partVersion: 1,
    number,
    size: blob.size,
    etag: blob.md5.toString('hex'),
    sha256: blob.sha256.toString('base64'),
    ...(blob.crc32 === undefined ? {} : { crc32: blob.crc32 }),
    modifiedAt: exchange.now.toISOString(),
    blob: blob.id,
  };
  try {
    await coordinator.putPart(bucket, key, id, part, blob.path);
    return part;
  } catch (error) {
    await files.discard(blob);
    throw error;
  }
}

function partNumberOf(exchange: Exchange): number {
  const text = queryValue(exchange.target, 'partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MAX_PARTS) throw new S3Error('InvalidArgument', `partNumber must be 1 to ${MAX_PARTS}`);
  return number;
}
