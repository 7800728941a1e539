import type { Manifest, ManifestFile } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { FileChange, VersionDifference } from '@muster/contracts/kinds/package-versions.js';
import { digestOfFile, type ReadFile, sharedRanges, type VersionFile, versionFiles } from './version-files.js';

/** What two versions differ in. */
export type ComparedVersions = Pick<
  VersionDifference,
  'files' | 'bytes' | 'bytesBefore' | 'bytesShared' | 'bytesToMove'
> & {
  /** Files that are not the same: those from `keep.first` on, `keep.most` of them. */
  changes: FileChange[];
};

/** Of all changes, which are to be named: there may be millions. */
export interface KeptChanges {
  readonly first: number;
  readonly most: number;
}

/**
 * Compares two versions file by file and blob by blob. Packs are read, both at once from beginning to end, and their files compared like all
 * others; where both versions have the same pack, nothing is. Memory: both manifests, a file of each, and the changes that are kept.
 *
 * @throws PackError what is stored is not the pack that a manifest names; whatever `read` throws
 */
export async function compareVersions(
  from: Manifest,
  to: Manifest,
  read: ReadFile,
  keep: KeptChanges,
): Promise<ComparedVersions> {
  const sharing = sharingWith(from);
  const samePack = packOf(from)?.digest === packOf(to)?.digest ? packOf(to) : undefined;
  const files = { added: 0, removed: 0, changed: 0, same: samePack?.pack?.files ?? 0 };
  const changes: FileChange[] = [];
  let count = 0;
  for await (const [before, after] of walkBoth(without(from, samePack), without(to, samePack), read)) {
    const change = changeOf(before, after);
    if (change === undefined) {
      files.same += 1;
      continue;
    }
    files[change === 'executable' ? 'changed' : change] += 1;
    if (count >= keep.first && changes.length < keep.most)
      changes.push({
        path: (after ?? before)!.path,
        change,
        ...(after ? { bytes: after.size } : {}),
        ...(before ? { bytesBefore: before.size } : {}),
        bytesShared: after ? sharing.of(after) : 0,
      });
    count += 1;
  }
  return {
    files,
    bytes: bytesOf(to),
    bytesBefore: bytesOf(from),
    bytesShared: to.files.reduce((sum, file) => sum + sharing.ofEntry(file), 0),
    bytesToMove: blobsOf(to).reduce((sum, { digest, size }) => sum + (sharing.blobs.has(digest) ? 0 : size), 0),
    changes,
  };
}

/** Pairs of files of the same path; of a path that only one version has, the other is left out. */
async function* walkBoth(
  from: Manifest,
  to: Manifest,
  read: ReadFile,
): AsyncGenerator<[VersionFile | undefined, VersionFile | undefined]> {
  const befores = versionFiles(from, read);
  const afters = versionFiles(to, read);
  const next = async (files: AsyncGenerator<VersionFile>): Promise<VersionFile | undefined> => {
    const { done, value } = await files.next();
    return done ? undefined : value;
  };
  try {
    let before = await next(befores);
    let after = await next(afters);
    while (before ?? after) {
      const order = compareOrder(before, after);
      yield [order <= 0 ? before : undefined, order >= 0 ? after : undefined];
      if (order <= 0) before = await next(befores);
      if (order >= 0) after = await next(afters);
    }
  } finally {
    await befores.return(undefined);
    await afters.return(undefined);
  }
}

/** Who comes first; nobody comes last. Names that differ in case only are two files. */
function compareOrder(one: VersionFile | undefined, other: VersionFile | undefined): number {
  if (!one || !other) return one ? -1 : 1;
  if (one.key !== other.key) return one.key < other.key ? -1 : 1;
  if (one.path === other.path) return 0;
  return one.path < other.path ? -1 : 1;
}

function changeOf(before: VersionFile | undefined, after: VersionFile | undefined): FileChange['change'] | undefined {
  if (!before) return 'added';
  if (!after) return 'removed';
  if (!sameBytes(before, after)) return 'changed';
  return before.executable === after.executable ? undefined : 'executable';
}

function sameBytes(before: VersionFile, after: VersionFile): boolean {
  if (before.size !== after.size) return false;
  if (before.content && after.content) return before.content.equals(after.content);
  return digestOfFile(before) === digestOfFile(after);
}

/** What a place that has a version has of the files of another. */
function sharingWith(from: Manifest) {
  const digests = new Set(from.files.map(({ digest }) => digest));
  const blobs = new Set(blobsOf(from).map(({ digest }) => digest));
  const ofEntry = (file: ManifestFile): number =>
    digests.has(file.digest) ? file.size : sharedRanges(file, blobs)(0, file.size);
  let pack: { entry: ManifestFile; ranges: ReturnType<typeof sharedRanges> } | undefined;
  const of = ({ entry, offset, size }: VersionFile): number => {
    if (!entry.pack) return ofEntry(entry);
    if (pack?.entry !== entry) pack = { entry, ranges: sharedRanges(entry, blobs) };
    return pack.ranges(offset, size);
  };
  return { blobs, of, ofEntry };
}

function packOf({ files }: Manifest): ManifestFile | undefined {
  return files.find(({ pack }) => pack);
}

/** The version without what both have. */
function without(manifest: Manifest, pack: ManifestFile | undefined): Manifest {
  return pack ? { files: manifest.files.filter((file) => !file.pack) } : manifest;
}

function bytesOf({ files }: Manifest): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
