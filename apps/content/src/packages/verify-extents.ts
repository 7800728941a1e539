import { createHash } from 'node:crypto';
import type { Manifest, ManifestFile } from '@muster/contracts/agent/content.js';
import { canonicalJson, type Digest } from '@muster/contracts/digest.js';
import { blobKey } from '../stores/object-names.js';
import type { ObjectStore } from '../stores/object-store.js';

/**
 * The files of a manifest of which it is not known that their extents are them: those that are more than one whole blob, and that
 * no version before had in the same way. Pure.
 */
export function doubtfulFiles({ files }: Manifest, before: Manifest | undefined): ManifestFile[] {
  const known = new Set(before?.files.map(storedAs));
  const doubtful = files.filter(
    (file) => file.stored !== undefined && !isWholeBlob(file) && !known.has(storedAs(file)),
  );
  return [...new Map(doubtful.map((file) => [storedAs(file), file])).values()];
}

/** The digest of what a file's extents make, read from a store. @throws StoreError */
export async function digestOfExtents(library: ObjectStore, { stored }: ManifestFile): Promise<Digest> {
  const hash = createHash('sha256');
  for (const [blob, offset, length] of stored?.extents ?? []) {
    const range = { first: offset, last: offset + length - 1 };
    for await (const piece of await library.readRange(blobKey(stored!.blobs[blob]!.digest), range)) hash.update(piece);
  }
  return `sha256:${hash.digest('hex')}`;
}

function isWholeBlob({ digest, size, stored }: ManifestFile): boolean {
  const [blob] = stored?.blobs ?? [];
  return stored?.extents.length === 1 && blob?.digest === digest && blob.size === size;
}

function storedAs({ digest, stored }: ManifestFile): string {
  return stored ? `${digest} ${canonicalJson({ blobs: stored.blobs, extents: stored.extents })}` : digest;
}
