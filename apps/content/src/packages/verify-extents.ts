import { createHash, type Hash } from 'node:crypto';
import type { Manifest, ManifestFile } from '@muster/contracts/agent/content.js';
import { storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import { PackError, readPack } from '@muster/contracts/agent/pack.js';
import { PackedPaths } from '@muster/contracts/agent/packed-paths.js';
import { canonicalJson } from '@muster/contracts/digest.js';
import type { ObjectStore } from '../stores/object-store.js';
import { readExtents } from './read-extents.js';

/**
 * The files of a manifest of which it is not known that their extents are them: those that are more than one whole blob, packs,
 * and of both only those that no version before had in the same way. Pure.
 */
export function doubtfulFiles(manifest: Manifest, before: Manifest | undefined): ManifestFile[] {
  const madeIn = (of: Manifest): [string, ManifestFile][] =>
    of.files.filter((file) => file.pack !== undefined || !isWholeBlob(file)).map((file) => [storedAs(file, of), file]);
  const known = new Map(before ? madeIn(before) : []);
  return [...new Map(madeIn(manifest).filter(([how]) => !known.has(how))).values()];
}

/** What is wrong with a file or a pack as it is stored. */
export interface FileProblem {
  readonly code: 'content.bad-extents' | 'content.bad-pack';
  /** Goes on after the file's name. */
  readonly message: string;
}

/**
 * Reads a file out of its extents, and looks whether it is what it is said to be: its digest, and of a pack its files too.
 *
 * @throws StoreError
 */
export async function problemOfFile(
  library: ObjectStore,
  file: ManifestFile,
  manifest: Manifest,
): Promise<FileProblem | undefined> {
  const hash = createHash('sha256');
  const bytes = hashed(readExtents(library, storageOf(file)), hash);
  let packProblem: string | undefined;
  if (file.pack) packProblem = await problemOfPack(bytes, file.pack.files, manifest);
  // A pack that was read to its end leaves nothing.
  for await (const _ of bytes);
  const made = `sha256:${hash.digest('hex')}`;
  if (made !== file.digest && packProblem === undefined)
    return { code: 'content.bad-extents', message: `must be ${file.digest}; its extents make ${made}` };
  return packProblem === undefined ? undefined : { code: 'content.bad-pack', message: `is no pack: ${packProblem}` };
}

async function problemOfPack(
  bytes: AsyncIterable<Uint8Array>,
  expected: number,
  { files }: Manifest,
): Promise<string | undefined> {
  const paths = new PackedPaths(files.filter(({ pack }) => !pack).map(({ path }) => path));
  let count = 0;
  try {
    for await (const { path } of readPack(bytes)) {
      count += 1;
      const problem = paths.problemOf(path);
      if (problem !== undefined) return `its file ${count}, ${JSON.stringify(path)}, ${problem}`;
    }
  } catch (error) {
    if (error instanceof PackError) return error.message;
    throw error;
  }
  return count === expected ? undefined : `it has ${count} files, not ${expected}`;
}

async function* hashed(source: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
}

function isWholeBlob({ digest, size, stored }: ManifestFile): boolean {
  if (!stored) return true;
  const [blob] = stored.blobs;
  return stored.extents.length === 1 && blob?.digest === digest && blob.size === size;
}

/** Two that are the same here need only one look. A pack is judged beside the other files. */
function storedAs(file: ManifestFile, { files }: Manifest): string {
  const { digest, stored, pack } = file;
  const beside = pack ? files.filter((other) => other !== file).map(({ path }) => path) : [];
  return canonicalJson({
    digest,
    ...(stored ? { blobs: stored.blobs, extents: stored.extents } : {}),
    pack: pack?.files ?? 0,
    beside,
  });
}
