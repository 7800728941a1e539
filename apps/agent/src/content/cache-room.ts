import { readdir, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import { ContentError } from '../runner/content-provider.js';
import { type ContentFolders, hexOf } from './content-folders.js';
import { type CacheContents, type CachedVersion, planEviction } from './plan-eviction.js';
import { readManifest } from './read-manifest.js';

/** content.md, 6: at most this, and at most this share of the disk, whichever is less. */
const defaultMegabytes = 5120;
const shareOfDisk = 0.2;
/** What was used in this time is removed only when nothing else helps. */
const recentMilliseconds = 24 * 3600 * 1000;
const bytesOfMegabyte = 1024 * 1024;

export interface CacheRoomOptions {
  /** Limit in MiB, whatever the size of the disk. Default: 5,120, or a fifth of the disk where that is less. */
  readonly megabytes?: number | undefined;
  /** The versions that runs need that are under way or to come. */
  readonly needed?: (() => ReadonlySet<Digest>) | undefined;
}

/**
 * Keeps the cache within its size. What is there is read from the disk each time, so no index can be wrong after a crash. While a
 * folder is laid out its files are there twice, where the file system cannot share blocks; for that moment the limit does not hold.
 */
export class CacheRoom {
  constructor(
    private readonly folders: ContentFolders,
    private readonly options: CacheRoomOptions,
  ) {}

  /**
   * Makes room for a version and notes that it is used.
   * @throws ContentError `content.larger-than-cache` when it is larger than the whole cache, `content.cache-full` when what runs need leaves no room
   */
  async make(wanted: Digest, manifest: Manifest, logger: Logger): Promise<void> {
    const wantedBytes = bytesOf(manifest);
    const limitBytes = await this.limitBytes();
    if (wantedBytes > limitBytes) {
      const message = `the content has ${wantedBytes} bytes, the whole cache ${limitBytes}: raise MUSTER_AGENT_CACHE_MB`;
      throw new ContentError('content.larger-than-cache', message);
    }
    const plan = planEviction(await this.contents(), {
      wanted,
      wantedBlobs: new Set(blobsOf(manifest).map(({ digest }) => digest)),
      wantedBytes,
      limitBytes,
      needed: this.options.needed?.() ?? new Set(),
      recentSince: Date.now() - recentMilliseconds,
    });
    if (plan.shortBytes > 0) {
      const message = `${plan.shortBytes} of ${limitBytes} bytes are missing for content of ${wantedBytes}: what other runs need is kept`;
      throw new ContentError('content.cache-full', message);
    }
    // First the folder, then the list of its files: what is left half is known and is made right, or removed, later.
    for (const digest of plan.versions) {
      await rm(this.folders.package(digest), { recursive: true, force: true });
      await rm(this.folders.manifest(digest), { force: true });
    }
    for (const digest of plan.blobs) {
      await rm(this.folders.blob(digest), { force: true });
      await rm(this.folders.partial(digest), { force: true });
    }
    if (plan.versions.length + plan.blobs.length > 0) {
      logger.info(
        { versions: plan.versions, files: plan.blobs.length, limitBytes },
        'content was removed to make room',
      );
    }
    const now = new Date();
    await utimes(this.folders.manifest(wanted), now, now);
  }

  private async limitBytes(): Promise<number> {
    const { megabytes } = this.options;
    if (megabytes !== undefined) return megabytes * bytesOfMegabyte;
    const { blocks, bsize } = await statfs(this.folders.root);
    return Math.min(defaultMegabytes * bytesOfMegabyte, Math.floor(blocks * bsize * shareOfDisk));
  }

  private async contents(): Promise<CacheContents> {
    const blobs = new Map<Digest, number>();
    for (const folder of [this.folders.blobs, this.folders.partials]) {
      for (const name of await readdir(folder)) {
        const size = await sizeOf(join(folder, name));
        if (size !== undefined && isHex(name)) blobs.set(`sha256:${name}`, (blobs.get(`sha256:${name}`) ?? 0) + size);
      }
    }
    const folders = new Set(await readdir(this.folders.packages));
    const versions: CachedVersion[] = [];
    for (const name of await readdir(this.folders.manifests)) {
      const digest: Digest = `sha256:${name.replace(/\.json$/, '')}`;
      const path = this.folders.manifest(digest);
      const manifest = readManifest(path, digest);
      if (!manifest) continue;
      versions.push({
        manifest: digest,
        blobs: blobsOf(manifest).map((blob) => blob.digest),
        folderBytes: folders.has(hexOf(digest)) ? bytesOf(manifest) : 0,
        usedAt: (await stat(path)).mtimeMs,
      });
    }
    return { versions, blobs };
  }
}

function bytesOf({ files }: Manifest): number {
  return files.reduce((bytes, { size }) => bytes + size, 0);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

function isHex(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
