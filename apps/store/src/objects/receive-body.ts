import { crc32 } from 'node:zlib';
import { S3Error, notImplemented } from '../errors.js';
import { type Exchange, assertPayload, bodyOf, headerOrQuery } from '../http/exchange.js';
import { decodeChunkedBody } from '../signature/chunked-body.js';
import type { BodyFiles, ReceivedBlob } from './body-files.js';

/**
 * Receives the body of a PUT and checks everything that the request says of it.
 * @returns a blob that no pointer names yet: the caller keeps or discards it
 * @throws S3Error for a body that is too large, cut off, or other than stated; nothing of it is left then
 */
export async function receiveBody(exchange: Exchange, files: BodyFiles, maxBytes: number): Promise<ReceivedBody> {
  const stated = readStated(exchange, maxBytes);
  const { payload } = exchange.identity;
  const body = payload.kind === 'chunked' ? decodeChunkedBody(bodyOf(exchange), payload) : bodyOf(exchange);
  let sum = 0;
  const summed = stated.crc32 === undefined ? body : watched(body, (piece) => (sum = crc32(piece, sum)));
  const blob = await files.receive(summed, maxBytes);
  try {
    assertAsStated(exchange, blob, stated);
    if (stated.crc32 !== undefined && stated.crc32.readUInt32BE() !== sum) {
      throw new S3Error('BadDigest', 'x-amz-checksum-crc32 is not the CRC-32 of the bytes received');
    }
    return stated.crc32 === undefined ? blob : { ...blob, crc32: stated.crc32.toString('base64') };
  } catch (error) {
    await files.discard(blob);
    throw error;
  }
}

/** A body that is what the request says. */
export interface ReceivedBody extends ReceivedBlob {
  /** Base64, when the request stated it: what clients check by default. It is verified and, but for parts, not kept. */
  crc32?: string;
}

async function* watched(body: AsyncIterable<Buffer>, onPiece: (piece: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    onPiece(piece);
    yield piece;
  }
}

/** What the request says about its body. */
interface StatedBody {
  crc32: Buffer | undefined;
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
  if (algorithm !== undefined && !isChecksumAlgorithm(algorithm)) {
    throw notImplemented(`checksum algorithm ${algorithm.slice(0, 32)} (SHA256 and CRC32 are)`);
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
  const sum = base64Digest(headerOrQuery(exchange, 'x-amz-checksum-crc32'), 4);
  if (sum === 'malformed') throw new S3Error('InvalidRequest', 'x-amz-checksum-crc32 must be the base64 of 4 bytes');
  return { size, md5, sha256, crc32: sum };
}

/** Checksums that are verified on arrival. */
export function isChecksumAlgorithm(name: string): boolean {
  return ['SHA256', 'CRC32'].includes(name.toUpperCase());
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
