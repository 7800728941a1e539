import { packBeginning, packEntryAt } from '@muster/contracts/agent/pack.js';
import { chunkEnd, type CutChunk, LEAST_CHUNK_BYTES } from './cut-chunks.js';

/**
 * Files of a pack that are smaller share chunks of about this many bytes. Of a million files of 200 bytes of which 1 % changed here and there, less
 * would move more of the list of chunks than it saves.
 */
const USUAL_BYTES = 512;

/**
 * Cuts a pack, from its beginning, where files end: a file that changed moves itself and few others. Which files end a chunk is
 * decided by their own headers, and within a larger file its bytes decide, so what comes and goes elsewhere moves nothing.
 */
export function cutPack(): CutChunk {
  /** Of the file at the beginning of the next chunk, its bytes from there on; 0 when it begins there. */
  let left = packBeginning().length;
  let endsChunk = false;
  return (bytes, start, end) => {
    let at = start + left;
    let closes = left > 0 && endsChunk;
    /** Goes on file by file to the next that ends a chunk, at most to `limit`. */
    const find = (limit: number): number | undefined => {
      while (at < limit) {
        if (closes && at > start) return at;
        const entry = packEntryAt(bytes, at);
        if (!entry || at + entry.header > limit) return undefined;
        closes = isEnd(bytes, at, entry);
        at += entry.bytes;
      }
      return closes && at === limit ? at : undefined;
    };
    let chunk = find(Math.min(end, start + LEAST_CHUNK_BYTES));
    if (chunk === undefined) {
      const limit = chunkEnd(bytes, start, end);
      // No chunk ends within a header: the next one could not read it.
      chunk = find(limit) ?? (at > start && at < limit ? at : limit);
    }
    left = Math.max(0, at - chunk);
    endsChunk = closes;
    return chunk;
  };
}

/** Larger files always end a chunk, smaller ones as often as their size says. */
function isEnd(bytes: Buffer, at: number, entry: { header: number; bytes: number }): boolean {
  if (entry.bytes >= USUAL_BYTES) return true;
  // FNV-1a, its bits mixed: names that differ in a digit shall not go the same way.
  let hash = 0x811c9dc5;
  for (let index = at; index < at + entry.header; index += 1) hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % USUAL_BYTES < entry.bytes;
}
