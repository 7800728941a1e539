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
 * Finds the chunks of a stored file in the runs that it is made of, and adds them. A chunk that lies across two runs is
 * left out. Pure, but for `known`.
 */
export function addKnownChunks(
  known: Map<string, ChunkPlace>,
  { blobs, runs }: Pick<StoredFile, 'blobs' | 'runs'>,
  chunks: readonly Chunk[],
): void {
  let run = 0;
  let runBegin = 0;
  let begin = 0;
  for (const { id, size } of chunks) {
    while (run < runs.length && runBegin + runs[run]![2] <= begin) {
      runBegin += runs[run]![2];
      run += 1;
    }
    const [blob, offset, length] = runs[run] ?? [];
    if (blob === undefined || offset === undefined || length === undefined) return;
    if (begin + size <= runBegin + length) {
      known.set(id, { blob: blobs[blob]!, offset: offset + begin - runBegin, size });
    }
    begin += size;
  }
}
