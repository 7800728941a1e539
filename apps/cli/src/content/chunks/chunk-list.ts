import { createHash } from 'node:crypto';
import { isHole, MOST_CHUNK_BYTES } from './cut-chunks.js';

/** Begins every list, and says which kind it is. */
const MAGIC = Buffer.from('muster\0\x01', 'latin1');
/** Bytes of a chunk's SHA-256 that are kept: enough to tell chunks apart, also those that somebody makes on purpose. */
const ID_BYTES = 16;
const ENTRY_BYTES = 4 + ID_BYTES;

/** Of the longest chunk of zeros. */
export const HOLE_ID = idOf(Buffer.alloc(MOST_CHUNK_BYTES));

/** A chunk of a file: the beginning of its SHA-256 as text of one character for each byte, and its length. */
export interface Chunk {
  readonly id: string;
  readonly size: number;
}

export function chunkId(bytes: Uint8Array): string {
  return bytes.length === MOST_CHUNK_BYTES && isHole(bytes, 0, bytes.length) ? HOLE_ID : idOf(bytes);
}

function idOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest().toString('latin1', 0, ID_BYTES);
}

/** The chunks of a file as the blob that travels with it: {@link MAGIC}, then length (32 bits, little endian) and id of each. */
export function writeChunkList(chunks: readonly Chunk[]): Buffer {
  const list = Buffer.allocUnsafe(MAGIC.length + chunks.length * ENTRY_BYTES);
  MAGIC.copy(list);
  chunks.forEach(({ id, size }, index) => {
    const at = MAGIC.length + index * ENTRY_BYTES;
    list.writeUInt32LE(size, at);
    list.write(id, at + 4, ID_BYTES, 'latin1');
  });
  return list;
}

/** Undefined when it is no list that this version can read: then nothing is known of the file's chunks. */
export function readChunkList(list: Buffer): Chunk[] | undefined {
  const entries = (list.length - MAGIC.length) / ENTRY_BYTES;
  if (!list.subarray(0, MAGIC.length).equals(MAGIC) || !Number.isInteger(entries)) return undefined;
  return Array.from({ length: entries }, (_, index) => {
    const at = MAGIC.length + index * ENTRY_BYTES;
    return { size: list.readUInt32LE(at), id: list.toString('latin1', at + 4, at + ENTRY_BYTES) };
  });
}
