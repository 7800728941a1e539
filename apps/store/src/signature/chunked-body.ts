import { createHash } from 'node:crypto';
import { S3Error } from '../errors.js';
import type { PayloadRule } from './authenticate.js';
import { chunkStringToSign, equalSignatures, sign } from './sigv4.js';

/** Clients use 64 KiB to 1 MiB; a chunk is held in memory until its signature is proven. */
const MAX_CHUNK_BYTES = 16 * 1024 * 1024;
const MAX_HEADER_BYTES = 256;

/**
 * Unwraps an `aws-chunked` body: `hex-size;chunk-signature=…\r\n bytes \r\n`, ended by a chunk of zero bytes. Every
 * chunk's signature covers the one before it, so nothing can be dropped, added or moved.
 * @throws S3Error `SignatureDoesNotMatch` for a wrong chunk, `IncompleteBody` when the end is missing
 */
export async function* decodeChunkedBody(
  body: AsyncIterable<Buffer>,
  rule: Extract<PayloadRule, { kind: 'chunked' }>,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(body);
  let previousSignature = rule.seedSignature;
  for (;;) {
    const header = /^([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})$/.exec(await reader.line());
    if (!header?.[1] || !header[2]) throw new S3Error('InvalidRequest', 'malformed chunk header in aws-chunked body');
    const size = Number.parseInt(header[1], 16);
    if (size > MAX_CHUNK_BYTES)
      throw new S3Error('InvalidRequest', `a chunk may have ${MAX_CHUNK_BYTES} bytes at most`);
    const chunk = await reader.take(size);
    const digest = createHash('sha256').update(chunk).digest('hex');
    const expected = sign(rule.key, chunkStringToSign(rule.timestamp, rule.scope, previousSignature, digest));
    if (!equalSignatures(expected, header[2])) throw new S3Error('SignatureDoesNotMatch', 'a chunk is not as signed');
    previousSignature = expected;
    // Some clients leave out the last CRLF of the final chunk.
    if (size === 0) {
      await reader.end();
      return;
    }
    if ((await reader.take(2)).toString('latin1') !== '\r\n') {
      throw new S3Error('InvalidRequest', 'malformed chunk end in aws-chunked body');
    }
    yield chunk;
  }
}

/** Takes exact amounts from a stream of buffers. */
class ByteReader {
  private readonly source: AsyncIterator<Buffer>;
  private held: Buffer[] = [];
  private heldBytes = 0;

  constructor(body: AsyncIterable<Buffer>) {
    this.source = body[Symbol.asyncIterator]();
  }

  async take(size: number): Promise<Buffer> {
    while (this.heldBytes < size) {
      if (!(await this.fill())) throw new S3Error('IncompleteBody', 'the aws-chunked body ended inside a chunk');
    }
    const all = Buffer.concat(this.held);
    this.hold(all.subarray(size));
    return all.subarray(0, size);
  }

  async line(): Promise<string> {
    for (;;) {
      const all = Buffer.concat(this.held);
      const end = all.indexOf('\r\n');
      if (end >= 0 && end <= MAX_HEADER_BYTES) {
        this.hold(all.subarray(end + 2));
        return all.toString('latin1', 0, end);
      }
      if (all.length > MAX_HEADER_BYTES) throw new S3Error('InvalidRequest', 'chunk header too long');
      this.hold(all);
      if (!(await this.fill()))
        throw new S3Error('IncompleteBody', 'the aws-chunked body ended without its last chunk');
    }
  }

  /** Accepts nothing but an optional CRLF before the end. */
  async end(): Promise<void> {
    while (await this.fill()) {
      if (this.heldBytes > 2) break;
    }
    const rest = Buffer.concat(this.held).toString('latin1');
    if (rest !== '' && rest !== '\r\n') throw new S3Error('InvalidRequest', 'bytes after the last chunk');
  }

  private async fill(): Promise<boolean> {
    const next = await this.source.next();
    if (next.done) return false;
    this.held.push(next.value);
    this.heldBytes += next.value.length;
    return true;
  }

  private hold(rest: Buffer): void {
    this.held = rest.length > 0 ? [rest] : [];
    this.heldBytes = rest.length;
  }
}
