import type { ManifestBlob } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import { inParallel } from '../stores/in-parallel.js';
import { blobKey } from '../stores/object-names.js';
import { StoreError, type ObjectStore } from '../stores/object-store.js';

/** With fewer known blobs than this, asking for each is no more requests than listing. */
const LEAST_TO_LIST = 512;
const LISTINGS_AT_ONCE = 8;
/** Of one of the 256 prefixes; a point that holds more than about a million objects is asked blob by blob for the rest. */
const MOST_PAGES = 4;

/**
 * Of the blobs that a point was proven to hold, those that it still lists with the same size and ETag: while the ETag is the
 * same, so are the bytes. A list of a thousand objects is one request; of a version that shares 5,000 small files with the one
 * before, this takes 256 requests instead of 5,000. What is not found here is looked at by itself.
 *
 * @throws StoreError when the store does not answer, and the signal's reason
 */
export async function confirmKnown(
  point: ObjectStore,
  blobs: readonly ManifestBlob[],
  known: ReadonlyMap<Digest, string>,
  signal: AbortSignal,
): Promise<Set<Digest>> {
  const confirmed = new Set<Digest>();
  const byKey = new Map<string, ManifestBlob>();
  for (const blob of blobs) if (known.has(blob.digest)) byKey.set(blobKey(blob.digest), blob);
  if (byKey.size < LEAST_TO_LIST) return confirmed;
  const prefixes = [...new Set([...byKey.keys()].map((key) => key.slice(0, key.lastIndexOf('/') + 1)))];
  const listOne = async (prefix: string): Promise<void> => {
    let after: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { objects, next } = await point.list(prefix, { after, signal });
      for (const { key, size, etag } of objects) {
        const blob = byKey.get(key);
        if (blob && blob.size === size && known.get(blob.digest) === etag) confirmed.add(blob.digest);
      }
      if (next === undefined) return;
      after = next;
    }
  };
  try {
    await inParallel(prefixes, LISTINGS_AT_ONCE, listOne);
  } catch (error) {
    // Keys may be allowed to read objects and not to list them.
    if (!(error instanceof StoreError) || error.kind === 'unreachable') throw error;
  }
  return confirmed;
}
