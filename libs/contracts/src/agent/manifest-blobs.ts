import type { Digest } from '../digest.js';
import type { Manifest, ManifestFile, StoredFile } from './content.js';

/** What a store holds for a manifest, and what for. */
export interface ManifestBlob {
  readonly digest: Digest;
  readonly size: number;
  /** The first file that has it, for people. */
  readonly path: string;
  /** Places in `files` of those that have bytes of it. None: only the list of a file's chunks, which no agent needs. */
  readonly files: number[];
  /** Bytes of files that it stands for, those of every file counted. Of all blobs together: the bytes of the version. */
  fileBytes: number;
}

/** Where the bytes of a file are. A file that says nothing of it is one blob. */
export function storageOf({ digest, size, stored }: ManifestFile): Pick<StoredFile, 'blobs' | 'extents'> {
  return stored ?? { blobs: [{ digest, size }], extents: [[0, 0, size]] };
}

/** How many files a version has, those of its pack counted. Pure. */
export function countFiles({ files }: Manifest): number {
  return files.reduce((count, { pack }) => count + (pack?.files ?? 1), 0);
}

/** The different blobs of a manifest, in the order of the first file that has each. Pure. */
export function blobsOf({ files }: Manifest): ManifestBlob[] {
  const blobs = new Map<Digest, ManifestBlob>();
  const find = ({ digest, size }: StoredFile['blobs'][number], path: string): ManifestBlob => {
    const known = blobs.get(digest);
    if (known) return known;
    const blob: ManifestBlob = { digest, size, path, files: [], fileBytes: 0 };
    blobs.set(digest, blob);
    return blob;
  };
  files.forEach((file, index) => {
    const { blobs: held, extents } = storageOf(file);
    const found = held.map((blob) => find(blob, file.path));
    for (const blob of found) if (blob.files.at(-1) !== index) blob.files.push(index);
    for (const [place, , length] of extents) found[place]!.fileBytes += length;
    if (file.stored?.chunks) find(file.stored.chunks, file.path);
  });
  return [...blobs.values()];
}

/** Bytes of a file. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}

/**
 * Where the bytes of one blob are in a file that is stored so, in the blob's order. Undefined when the file does not
 * have all of them. Pure.
 *
 * @param place of the blob in `blobs`
 */
export function rangesOfBlob(
  { blobs, extents }: Pick<StoredFile, 'blobs' | 'extents'>,
  place: number,
): FileRange[] | undefined {
  const parts: { inBlob: number; inFile: number; size: number }[] = [];
  let inFile = 0;
  for (const [blob, inBlob, size] of extents) {
    if (blob === place) parts.push({ inBlob, inFile, size });
    inFile += size;
  }
  parts.sort((one, other) => one.inBlob - other.inBlob || other.size - one.size);
  const ranges: FileRange[] = [];
  let have = 0;
  for (const part of parts) {
    const known = have - part.inBlob;
    if (known < 0) return undefined;
    if (known >= part.size) continue;
    ranges.push({ offset: part.inFile + known, size: part.size - known });
    have += part.size - known;
  }
  return have === blobs[place]?.size ? ranges : undefined;
}

/** The same files, whatever way a site stores them: what can be compared with another site's. Pure. */
export function withoutStorage({ files }: Manifest): Manifest {
  return { files: files.map(({ stored: _, ...file }) => file) };
}
