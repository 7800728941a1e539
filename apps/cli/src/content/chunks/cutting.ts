import { MOST_EXTENTS } from '@muster/contracts/agent/content.js';
import { chunkEnd, type CutChunk } from './cut-chunks.js';
import { cutPack } from './cut-pack.js';

/** How a file is cut into chunks, and of how many extents it may be made. */
export interface Cutting {
  /** Begins at the beginning of a file. */
  begin(): CutChunk;
  readonly mostExtents: number;
}

export const FILE_CUTTING: Cutting = { begin: () => chunkEnd, mostExtents: 20_000 };
/** Each file that changed between others that did not makes two extents. */
export const PACK_CUTTING: Cutting = { begin: cutPack, mostExtents: MOST_EXTENTS };
