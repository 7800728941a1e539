import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { StoredFile } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import { type Chunk, chunkId, writeChunkList } from './chunk-list.js';
import { type CutChunk, MOST_CHUNK_BYTES } from './cut-chunks.js';
import type { Cutting } from './cutting.js';
import type { KnownChunks } from './known-chunks.js';
import { ExtentBuilder } from './extent-builder.js';

/** Files from this size on are cut into chunks. */
export const LARGE_FILE_BYTES = 4 * 1024 * 1024;
/** A file whose blobs hold more than this many times its bytes is stored anew: nobody shall fetch so much for so little. */
const MOST_OVERHEAD = 2;
const READ_BYTES = 4 * 1024 * 1024;

/** A large file, read to its end. */
export interface ScannedFile {
  readonly digest: Digest;
  readonly size: number;
  readonly stored: StoredFile;
  readonly chunkList: Buffer;
}

/**
 * Reads a file, cuts it into chunks, and says how it is stored: by blobs that are known where they have its chunks, and
 * new ones for the rest. The same bytes beside the same known chunks always come out the same. Memory: some MiB, and
 * about 100 bytes for each chunk.
 *
 * @param onBytes told of bytes that were read; negative when the file is read anew
 */
export async function scanLargeFile(
  file: FileHandle,
  known: KnownChunks,
  cutting: Cutting,
  onBytes: (bytes: number) => void,
): Promise<ScannedFile> {
  const ways: ExtentBuilder[] = [new ExtentBuilder(known, true), new ExtentBuilder(new Map(), false)];
  if (known.size > 0) ways.splice(1, 0, new ExtentBuilder(new Map(), true));
  for (const builder of ways) {
    const isLast = builder === ways.at(-1);
    let told = 0;
    const tell = (bytes: number): void => {
      told += bytes;
      onBytes(bytes);
    };
    const read = await readChunks(file, builder, isLast ? Infinity : cutting.mostExtents, cutting.begin(), tell);
    const { blobs, extents } = builder.finish();
    const held = blobs.reduce((sum, blob) => sum + blob.size, 0);
    if (!read || (!isLast && held > MOST_OVERHEAD * read.size)) {
      // It is read once more, and that takes as long.
      onBytes(-told);
      continue;
    }
    const { digest, size, chunks } = read;
    const chunkList = writeChunkList(chunks);
    const list = { digest: digestOf(chunkList), size: chunkList.length };
    return { digest, size, stored: { blobs, extents, chunks: list }, chunkList };
  }
  throw new Error('a file that is stored anew is always stored');
}

/** Undefined as soon as it is clear that it would be more extents than `mostExtents`. */
async function readChunks(
  file: FileHandle,
  builder: ExtentBuilder,
  mostExtents: number,
  cut: CutChunk,
  onBytes: (bytes: number) => void,
): Promise<{ digest: Digest; size: number; chunks: Chunk[] } | undefined> {
  const buffer = Buffer.allocUnsafe(READ_BYTES + MOST_CHUNK_BYTES);
  const hash = createHash('sha256');
  const chunks: Chunk[] = [];
  let size = 0;
  let filled = 0;
  for (let ended = false; !ended || filled > 0;) {
    while (!ended && filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, size);
      ended = bytesRead === 0;
      filled += bytesRead;
      size += bytesRead;
    }
    let start = 0;
    // Before the end of the file, only where the whole of the largest chunk is at hand.
    const last = ended ? filled - 1 : filled - MOST_CHUNK_BYTES;
    while (start <= last) {
      const end = cut(buffer, start, filled);
      const bytes = buffer.subarray(start, end);
      const id = chunkId(bytes);
      chunks.push({ id, size: bytes.length });
      builder.add(id, bytes);
      start = end;
    }
    if (builder.extentCount > mostExtents) return undefined;
    hash.update(buffer.subarray(0, start));
    onBytes(start);
    buffer.copyWithin(0, start, filled);
    filled -= start;
  }
  return { digest: `sha256:${hash.digest('hex')}`, size, chunks };
}

function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
