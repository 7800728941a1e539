import type { StoredFile } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import { blobKey } from '../stores/object-names.js';
import type { ObjectStore } from '../stores/object-store.js';

/** Short extents are read out of windows of this size: of a pack there may be many thousand, and each request costs a round trip. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Blobs whose window is kept. Extents go through few blobs at a time, from their beginnings to their ends. */
const WINDOWS = 4;

interface Window {
  readonly begin: number;
  readonly bytes: Buffer;
}

/**
 * The bytes of a file out of its extents, in a store. Memory: {@link WINDOWS} windows.
 *
 * @throws StoreError
 */
export async function* readExtents(
  store: ObjectStore,
  { blobs, extents }: Pick<StoredFile, 'blobs' | 'extents'>,
): AsyncGenerator<Uint8Array> {
  const windows = new Map<Digest, Window>();
  for (const [place, offset, size] of extents) {
    if (size === 0) continue;
    const blob = blobs[place]!;
    if (size > WINDOW_BYTES) {
      yield* await store.readRange(blobKey(blob.digest), { first: offset, last: offset + size - 1 });
      continue;
    }
    let window = windows.get(blob.digest);
    windows.delete(blob.digest);
    if (!window || offset < window.begin || offset + size > window.begin + window.bytes.length) {
      const last = Math.min(offset + WINDOW_BYTES, blob.size) - 1;
      window = {
        begin: offset,
        bytes: await collect(await store.readRange(blobKey(blob.digest), { first: offset, last })),
      };
    }
    windows.set(blob.digest, window);
    const [oldest] = windows.keys();
    if (windows.size > WINDOWS) windows.delete(oldest!);
    yield window.bytes.subarray(offset - window.begin, offset - window.begin + size);
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
