import type { StoredFile } from '@muster/contracts/agent/content.js';
import type { Chunk } from './chunk-list.js';

/** Where a store has the bytes of a chunk. */
export interface ChunkPlace {
  readonly blob: StoredFile['blobs'][number];
  readonly offset: number;
  readonly size: number;
}

/** The chunks that another version of the content has, by their ids. */
export type KnownChunks = ReadonlyMap<string, ChunkPlace>;

/**
 * Finds the chunks of a stored file in the extents that it is made of, and adds them. A chunk that lies across two extents is
 * left out. Pure, but for `known`.
 */
export function addKnownChunks(
  known: Map<string, ChunkPlace>,
  { blobs, extents }: Pick<StoredFile, 'blobs' | 'extents'>,
  chunks: readonly Chunk[],
): void {
  let extent = 0;
  let extentBegin = 0;
  let begin = 0;
  for (const { id, size } of chunks) {
    while (extent < extents.length && extentBegin + extents[extent]![2] <= begin) {
      extentBegin += extents[extent]![2];
      extent += 1;
    }
    const [blob, offset, length] = extents[extent] ?? [];
    if (blob === undefined || offset === undefined || length === undefined) return;
    if (begin + size <= extentBegin + length) {
      known.set(id, { blob: blobs[blob]!, offset: offset + begin - extentBegin, size });
    }
    begin += size;
  }
}
