import { S3Error, notImplemented } from '../errors.js';
import { type Exchange, assertPayload, bodyOf, headerOrQuery } from '../http/exchange.js';
import { decodeChunkedBody } from '../signature/chunked-body.js';
import type { BlobFiles, ReceivedBlob } from './blob-files.js';

/**
 * Receives the body of a PUT and checks everything that the request says of it.
 * @returns a blob that no pointer names yet: the caller keeps or discards it
 * @throws S3Error for a body that is too large, cut off, or other than stated; nothing of it is left then
 */
export async function receiveBody(exchange: Exchange, blobs: BlobFiles, maxBytes: number): Promise<ReceivedBlob> {
  const stated = readStated(exchange, maxBytes);
  const { payload } = exchange.identity;
  const body = payload.kind === 'chunked' ? decodeChunkedBody(bodyOf(exchange), payload) : bodyOf(exchange);
  const blob = await blobs.receive(body, maxBytes);
  try {
    assertAsStated(exchange, blob, stated);
    return blob;
  } catch (error) {
    await blobs.discard(blob.id);
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

function base64Digest(text: string | undefined, bytes: number): Buffer | undefined | 'malformed' {
  if (text === undefined) return undefined;
  const digest = Buffer.from(text, 'base64');
  return digest.length === bytes && digest.toString('base64') === text ? digest : 'malformed';
}
