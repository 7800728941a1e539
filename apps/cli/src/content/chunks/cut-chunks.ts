import { createHash } from 'node:crypto';

/** No chunk is smaller, but the last of a file. */
export const LEAST_CHUNK_BYTES = 8 * 1024;
/** Of bytes in which nothing repeats, chunks have about this many. */
export const USUAL_CHUNK_BYTES = 32 * 1024;
export const MOST_CHUNK_BYTES = 1024 * 1024;

/** The rolling hash forgets a byte after 32 others. */
const WINDOW_BYTES = 32;
/** Before the usual size an end is four times rarer, behind it four times more frequent: sizes stay near the usual one. */
const RARE_MASK = topBits(15 + 2);
const FREQUENT_MASK = topBits(15 - 2);
const GEAR = gearTable();
const ZEROS = Buffer.alloc(MOST_CHUNK_BYTES);

/**
 * Says where the chunk that begins at `start` ends. It is asked for one chunk behind the other.
 *
 * @param end as for {@link chunkEnd}
 */
export type CutChunk = (bytes: Buffer, start: number, end: number) => number;

/** Whether a chunk is as long as chunks get, and nothing but zeros, as the holes of sparse files are read: there may be very many of them. */
export function isHole(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < MOST_CHUNK_BYTES || bytes[start] !== 0 || bytes[start + MOST_CHUNK_BYTES - 1] !== 0) return false;
  return ZEROS.compare(bytes, start, start + MOST_CHUNK_BYTES) === 0;
}

/**
 * Where the chunk that begins at `start` ends: a place that only the bytes before it decide (a gear hash, as in FastCDC).
 * So what is inserted or removed moves the ends near to it, and no others. Pure.
 *
 * @param end of the bytes at hand; for an answer that is right, the file ends here or there are at least
 *   {@link MOST_CHUNK_BYTES} of them
 */
export function chunkEnd(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= LEAST_CHUNK_BYTES) return end;
  // What the rest comes to for them, a hundred times as fast.
  if (isHole(bytes, start, end)) return start + MOST_CHUNK_BYTES;
  const limit = Math.min(end, start + MOST_CHUNK_BYTES);
  const usual = Math.min(limit, start + USUAL_CHUNK_BYTES);
  let index = start + LEAST_CHUNK_BYTES;
  let hash = 0;
  for (let warm = index - WINDOW_BYTES; warm < index; warm += 1) hash = ((hash << 1) + GEAR[bytes[warm]!]!) | 0;
  for (; index < usual; index += 1) {
    hash = ((hash << 1) + GEAR[bytes[index]!]!) | 0;
    if ((hash & RARE_MASK) === 0) return index + 1;
  }
  for (; index < limit; index += 1) {
    hash = ((hash << 1) + GEAR[bytes[index]!]!) | 0;
    if ((hash & FREQUENT_MASK) === 0) return index + 1;
  }
  return limit;
}

function topBits(count: number): number {
  return (-1 << (32 - count)) | 0;
}

/** A random-looking number for each byte, the same on every computer and in every version: another table finds no old chunk. */
function gearTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) =>
    createHash('sha256').update(`muster chunk ${byte}`).digest().readInt32LE(0),
  );
}
