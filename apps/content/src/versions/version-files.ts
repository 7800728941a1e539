import { createHash } from 'node:crypto';
import type { Manifest, ManifestFile } from '@muster/contracts/agent/content.js';
import { storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import { packBeginning, packHeaderBytes, readPack, PackError } from '@muster/contracts/agent/pack.js';
import { packOrder } from '@muster/contracts/agent/packed-paths.js';
import { digestOfBytes, type Digest } from '@muster/contracts/digest.js';

/** The bytes of a file of a version, as they are stored. */
export type ReadFile = (file: ManifestFile) => AsyncIterable<Uint8Array>;

/** A file of a version, whether it lies by itself or in a pack. */
export interface VersionFile {
  readonly path: string;
  /** What versions are walked by: of one version no two files have the same. */
  readonly key: string;
  readonly size: number;
  readonly executable: boolean;
  /** The entry of the manifest that it is, or that it is in. */
  readonly entry: ManifestFile;
  /** Where it begins in that entry. */
  readonly offset: number;
  /** Of a file in a pack its bytes, until the next file is asked for. */
  readonly content?: Buffer;
}

/**
 * All files of a version, those of its pack among the others, in the order of {@link packOrder}. Memory: the manifest and one file.
 *
 * @throws PackError when what was read is not the pack that the manifest names, and whatever `read` throws
 */
export async function* versionFiles(manifest: Manifest, read: ReadFile): AsyncGenerator<VersionFile> {
  const pack = manifest.files.find((file) => file.pack);
  const loose = manifest.files
    .filter((file) => file !== pack)
    .map((entry): VersionFile => {
      const { path, size, executable = false } = entry;
      return { path, key: packOrder(path), size, executable, entry, offset: 0 };
    })
    .toSorted((one, other) => (one.key < other.key ? -1 : 1));
  let next = 0;
  if (pack)
    for await (const file of packedFiles(pack, read)) {
      for (; next < loose.length && loose[next]!.key < file.key; next += 1) yield loose[next]!;
      yield file;
    }
  for (; next < loose.length; next += 1) yield loose[next]!;
}

/** The digest of a file's bytes. */
export function digestOfFile({ content, entry }: VersionFile): Digest {
  return content ? digestOfBytes(content) : entry.digest;
}

/** Of an entry in a version, the bytes that a place has which holds some blobs: for ranges of it, asked for from its beginning to its end. */
export function sharedRanges(entry: ManifestFile, held: ReadonlySet<Digest>): (offset: number, size: number) => number {
  const { blobs, extents } = storageOf(entry);
  let at = 0;
  /** Where extent `at` begins. */
  let begin = 0;
  return (offset, size) => {
    const end = offset + size;
    let shared = 0;
    for (; at < extents.length; at += 1) {
      const [blob, , length] = extents[at]!;
      const overlap = Math.min(end, begin + length) - Math.max(offset, begin);
      if (overlap > 0 && held.has(blobs[blob]!.digest)) shared += overlap;
      // The rest of this extent may be in the next range.
      if (begin + length > end) break;
      begin += length;
    }
    return shared;
  };
}

async function* packedFiles(entry: ManifestFile, read: ReadFile): AsyncGenerator<VersionFile> {
  const hash = createHash('sha256');
  let offset = packBeginning().length;
  for await (const { path, size, executable, content } of readPack(hashed(read(entry), hash))) {
    offset += packHeaderBytes(path);
    yield { path, key: packOrder(path), size, executable, entry, offset, content };
    offset += size;
  }
  const made = `sha256:${hash.digest('hex')}`;
  if (made !== entry.digest) throw new PackError(`it is ${made} and must be ${entry.digest}`);
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
}
