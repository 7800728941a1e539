import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import { systemCode } from '../journal/journal-error.js';
import { type ContentFolders, hexOf } from './content-folders.js';
import type { CacheContents, CachedVersion } from './plan-eviction.js';
import { readManifest } from './read-manifest.js';

/** What is in the cache, read from the disk: no index can be wrong after a crash. Changes nothing; no cache is an empty one. */
export async function readCacheContents(folders: ContentFolders): Promise<CacheContents> {
  const blobs = new Map<Digest, number>();
  for (const folder of [folders.blobs, folders.partials]) {
    for (const name of await namesIn(folder)) {
      const found = await stateOf(join(folder, name));
      if (found && isHex(name)) blobs.set(`sha256:${name}`, (blobs.get(`sha256:${name}`) ?? 0) + found.size);
    }
  }
  const laidOut = new Set(await namesIn(folders.packages));
  const versions: CachedVersion[] = [];
  for (const name of await namesIn(folders.manifests)) {
    const digest: Digest = `sha256:${name.replace(/\.json$/, '')}`;
    const path = folders.manifest(digest);
    const manifest = readManifest(path, digest);
    const found = await stateOf(path);
    if (!manifest || !found) continue;
    versions.push({
      manifest: digest,
      blobs: blobsOf(manifest).map((blob) => blob.digest),
      folderBytes: laidOut.has(hexOf(digest)) ? bytesOfFiles(manifest) : 0,
      usedAt: found.mtimeMs,
    });
  }
  return { versions, blobs };
}

/** A small file takes at least this much of a disk. */
const blockBytes = 4096;

/** Bytes that the files of a version take on the disk; each of a pack takes a block more than its bytes. */
export function bytesOfFiles({ files }: Manifest): number {
  return files.reduce((bytes, { size, pack }) => bytes + size + (pack?.files ?? 0) * blockBytes, 0);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function stateOf(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  return stat(path).catch(() => undefined);
}

function isHex(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
