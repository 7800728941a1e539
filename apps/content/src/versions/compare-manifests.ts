import type { Manifest, ManifestFile } from '@muster/contracts/agent/content.js';
import { blobsOf, storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { FileChange, VersionDifference } from '@muster/contracts/kinds/package-versions.js';

/** What two manifests differ in, with every file that is not the same. */
export type ManifestDifference = Pick<
  VersionDifference,
  'files' | 'bytes' | 'bytesBefore' | 'bytesShared' | 'bytesToMove'
> & { changes: FileChange[] };

/** Compares two versions, file by file and blob by blob. Pure. */
export function compareManifests(from: Manifest, to: Manifest): ManifestDifference {
  const before = new Map(from.files.map((file) => [file.path, file]));
  const had = new Set(from.files.map(({ digest }) => digest));
  const hadBlobs = new Set(blobsOf(from).map(({ digest }) => digest));
  const sharedOf = (file: ManifestFile): number => {
    if (had.has(file.digest)) return file.size;
    const { blobs, extents } = storageOf(file);
    return extents.reduce((sum, [blob, , size]) => sum + (hadBlobs.has(blobs[blob]!.digest) ? size : 0), 0);
  };
  const changes: FileChange[] = [];
  let bytesShared = 0;
  let same = 0;
  for (const file of to.files) {
    const shared = sharedOf(file);
    bytesShared += shared;
    const old = before.get(file.path);
    before.delete(file.path);
    const change = changeOf(old, file);
    if (change === undefined) {
      same += 1;
      continue;
    }
    const { path, size: bytes } = file;
    changes.push({ path, change, bytes, ...(old ? { bytesBefore: old.size } : {}), bytesShared: shared });
  }
  for (const { path, size } of before.values())
    changes.push({ path, change: 'removed', bytesBefore: size, bytesShared: 0 });
  changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  const added = changes.filter(({ change }) => change === 'added').length;
  const removed = before.size;
  return {
    files: { added, removed, changed: changes.length - added - removed, same },
    bytes: bytesOf(to),
    bytesBefore: bytesOf(from),
    bytesShared,
    bytesToMove: blobsOf(to).reduce((sum, { digest, size }) => sum + (hadBlobs.has(digest) ? 0 : size), 0),
    changes,
  };
}

function changeOf(old: ManifestFile | undefined, file: ManifestFile): FileChange['change'] | undefined {
  if (!old) return 'added';
  if (old.digest !== file.digest) return 'changed';
  return (old.executable ?? false) === (file.executable ?? false) ? undefined : 'executable';
}

function bytesOf({ files }: Manifest): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
