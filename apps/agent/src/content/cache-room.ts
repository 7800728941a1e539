import { rm, statfs, utimes } from 'node:fs/promises';
import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { PolicySettings } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import { ContentError } from '../runner/content-provider.js';
import { bytesOfFiles, readCacheContents } from './cache-contents.js';
import type { ContentFolders } from './content-folders.js';
import { type EvictionPlan, planEviction } from './plan-eviction.js';

/** content.md, 6: at most this, and at most this share of the disk, whichever is less. */
const defaultMegabytes = 5120;
const shareOfDisk = 0.2;
const bytesOfMegabyte = 1024 * 1024;

export interface CacheRoomOptions {
  /** Limit in MiB, whatever the size of the disk. Default: 5,120, or a fifth of the disk where that is less. */
  readonly megabytes?: number | undefined;
  /** What the site wants now: it wins over `megabytes`. */
  readonly settings?: (() => Pick<PolicySettings, 'cacheMegabytes' | 'cacheKeepMinutes'>) | undefined;
  /** The versions that runs need that are under way or to come. */
  readonly needed?: (() => ReadonlySet<Digest>) | undefined;
}

/**
 * Keeps the cache within its size. While a folder is laid out its files are there twice, where the file system cannot share blocks; for
 * that moment the limit does not hold.
 */
export class CacheRoom {
  constructor(
    private readonly folders: ContentFolders,
    private readonly options: CacheRoomOptions,
  ) {}

  /**
   * Makes room for versions that are wanted together, and notes that they are used.
   * @param promisedBytes what else will come, and must find room beside them
   * @throws ContentError `content.larger-than-cache` when they are larger than the whole cache, `content.cache-full` when what runs need leaves no room
   */
  async make(wanted: ReadonlyMap<Digest, Manifest>, logger: Logger, promisedBytes = 0): Promise<void> {
    const wantedBytes = [...wanted.values()].reduce((bytes, manifest) => bytes + bytesOfFiles(manifest), 0);
    const { cacheMegabytes, cacheKeepMinutes } = this.options.settings?.() ?? {};
    const limitBytes = await this.limitBytes();
    if (wantedBytes > limitBytes) {
      const raise =
        cacheMegabytes === undefined ? 'MUSTER_AGENT_CACHE_MB' : 'cacheMegabytes of the ClientSettings of this device';
      const message = `the content has ${wantedBytes} bytes, the whole cache ${limitBytes}: raise ${raise}`;
      throw new ContentError('content.larger-than-cache', message);
    }
    const now = Date.now();
    const plan = planEviction(await readCacheContents(this.folders), {
      wanted: new Set(wanted.keys()),
      wantedBlobs: new Set([...wanted.values()].flatMap(blobsOf).map(({ digest }) => digest)),
      wantedBytes: wantedBytes + promisedBytes,
      limitBytes,
      needed: this.options.needed?.() ?? new Set(),
      kept: cacheKeepMinutes === undefined ? undefined : { from: now - cacheKeepMinutes * 60_000, to: now },
    });
    if (plan.shortBytes > 0) {
      const lately =
        cacheKeepMinutes === undefined ? '' : `, and what was used in the last ${cacheKeepMinutes} minutes`;
      const message = `${plan.shortBytes} of ${limitBytes} bytes are missing for content of ${wantedBytes}: what other runs need is kept${lately}`;
      throw new ContentError('content.cache-full', message);
    }
    await removeFromCache(this.folders, plan);
    if (plan.versions.length + plan.blobs.length > 0) {
      logger.info(
        { versions: plan.versions, files: plan.blobs.length, limitBytes },
        'content was removed to make room',
      );
    }
    const used = new Date();
    for (const digest of wanted.keys()) await utimes(this.folders.manifest(digest), used, used);
  }

  /** A version is laid out: its blobs, and those of others that folders have too, stay only as far as there is room for them. */
  async settle(digest: Digest, manifest: Manifest): Promise<void> {
    const contents = await readCacheContents(this.folders);
    const { blobs } = planEviction(contents, {
      wanted: new Set([digest]),
      wantedBlobs: new Set(),
      wantedBytes: bytesOfFiles(manifest),
      limitBytes: await this.limitBytes(),
      needed: new Set(contents.versions.map((version) => version.manifest)),
    });
    await removeFromCache(this.folders, { versions: [], blobs });
  }

  private limitBytes(): Promise<number> {
    const { settings, megabytes } = this.options;
    return cacheLimitBytes(this.folders, settings?.().cacheMegabytes ?? megabytes);
  }
}

/** Most that the cache may take, in bytes. */
export async function cacheLimitBytes(folders: ContentFolders, megabytes: number | undefined): Promise<number> {
  if (megabytes !== undefined) return megabytes * bytesOfMegabyte;
  const { blocks, bsize } = await statfs(folders.root);
  return Math.min(defaultMegabytes * bytesOfMegabyte, Math.floor(blocks * bsize * shareOfDisk));
}

/** Removes what a plan says. First a folder, then the list of its files: what is left half is known and is made right, or removed, later. */
export async function removeFromCache(
  folders: ContentFolders,
  { versions, blobs }: Pick<EvictionPlan, 'versions' | 'blobs'>,
): Promise<void> {
  for (const digest of versions) {
    await rm(folders.package(digest), { recursive: true, force: true });
    await rm(folders.manifest(digest), { force: true });
  }
  for (const digest of blobs) {
    await rm(folders.blob(digest), { force: true });
    await rm(folders.partial(digest), { force: true });
  }
}
