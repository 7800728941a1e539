import { S3Error } from '../errors.js';
import type { PartRecord } from './upload-records.js';

/** As S3 has it. */
export const MIN_PART_BYTES = 5 * 1024 * 1024;
export const MAX_PARTS = 10_000;
const MAX_OBJECT_BYTES = 5 * 1024 ** 4;

/** One line of what a client completes. */
export interface WantedPart {
  number: number;
  /** Without quotes. */
  etag: string;
  sha256?: string | undefined;
  crc32?: string | undefined;
}

/**
 * The parts that a completion names, in its order.
 * @throws S3Error `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall` (all but the last need 5 MiB), `EntityTooLarge`, `MalformedXML`
 *   for none
 */
export function chooseParts(present: readonly PartRecord[], wanted: readonly WantedPart[]): PartRecord[] {
  if (wanted.length === 0) throw new S3Error('MalformedXML', 'at least one part must be listed');
  if (wanted.length > MAX_PARTS) throw new S3Error('InvalidArgument', `an object has ${MAX_PARTS} parts at most`);
  const byNumber = new Map(present.map((part) => [part.number, part]));
  let before = 0;
  let size = 0;
  const chosen = wanted.map(({ number, etag, sha256, crc32 }) => {
    if (number <= before) throw new S3Error('InvalidPartOrder');
    before = number;
    const part = byNumber.get(number);
    const isWanted =
      part?.etag === etag && (sha256 ?? part.sha256) === part.sha256 && (crc32 ?? part.crc32) === part.crc32;
    if (!part || !isWanted) {
      throw new S3Error('InvalidPart', undefined, { PartNumber: String(number), ETag: etag });
    }
    size += part.size;
    return part;
  });
  const small = chosen.slice(0, -1).find((part) => part.size < MIN_PART_BYTES);
  if (small) {
    throw new S3Error('EntityTooSmall', undefined, {
      PartNumber: String(small.number),
      ProposedSize: String(small.size),
      MinSizeAllowed: String(MIN_PART_BYTES),
    });
  }
  if (size > MAX_OBJECT_BYTES) {
    throw new S3Error('EntityTooLarge', 'an object has 5 TiB at most', {
      ProposedSize: String(size),
      MaxSizeAllowed: String(MAX_OBJECT_BYTES),
    });
  }
  return chosen;
}
