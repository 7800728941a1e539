import type { Digest } from '@muster/contracts/digest.js';
import { readCacheContents } from '../content/cache-contents.js';
import { cacheLimitBytes, removeFromCache } from '../content/cache-room.js';
import { ContentFolders } from '../content/content-folders.js';
import { planEviction } from '../content/plan-eviction.js';
import { lockStateFolder } from '../identity/lock-state-folder.js';
import type { StateFolder } from '../identity/state-folder.js';
import { BodyStore } from '../policy/body-store.js';
import { contentOf, neededContent } from './needed-content.js';
import { Preparations } from './preparations.js';
import { RunRecords } from './run-records.js';
import { enrolledIdentity, readPolicyFor } from './stored-policy.js';

/** A version of content in the cache. */
export interface CacheEntry {
  readonly manifest: Digest;
  /** What it is, as far as policy or a run still says. */
  readonly names: readonly string[];
  /** On the disk: its folder, and its blobs, also those that other versions share. */
  readonly bytes: number;
  readonly usedAt: string;
  /** A run that goes on, or is to come, needs it: nothing removes it unless forced. */
  readonly needed: boolean;
}

/** What the cache holds. */
export interface CacheListing {
  readonly bytes: number;
  readonly limitBytes: number;
  /** The one used last first. */
  readonly versions: readonly CacheEntry[];
}

/** What `cache clear` removed. */
export interface CacheCleared {
  readonly versions: number;
  readonly bytes: number;
  readonly keptVersions: number;
}

/**
 * What the cache of this computer holds. Reading it disturbs no daemon.
 * @param megabytes limit of the cache, where the site says none; undefined: that of the daemon, or the usual
 * @throws AgentError `agent.not-enrolled`, `agent.no-policy` when the stored one does not count, `agent.state-corrupt`, `agent.not-readable`
 */
export async function listCache(folder: StateFolder, megabytes: number | undefined): Promise<CacheListing> {
  const folders = new ContentFolders(folder.cache);
  const { versions, blobs } = await readCacheContents(folders);
  const { names, needed, cacheMegabytes } = await knownContent(folder);
  const entries = versions.map((version) => ({
    manifest: version.manifest,
    names: names.get(version.manifest) ?? [],
    bytes: version.folderBytes + sum(version.blobs.map((digest) => blobs.get(digest) ?? 0)),
    usedAt: new Date(version.usedAt).toISOString(),
    needed: needed.has(version.manifest),
  }));
  return {
    bytes: sum(versions.map(({ folderBytes }) => folderBytes)) + sum(blobs.values()),
    limitBytes: await cacheLimitBytes(folders, cacheMegabytes ?? megabytes ?? folders.notedLimit()),
    versions: entries.toSorted((one, other) => (one.usedAt < other.usedAt ? 1 : -1)),
  };
}

/**
 * Removes from the cache what no run needs, or with `force` all of it: runs fetch it again. Needs the state folder for itself, for a daemon
 * may be fetching at the moment.
 * @throws AgentError as `listCache`, and `agent.in-use` while a daemon is at work
 */
export async function clearCache(folder: StateFolder, { force }: { force: boolean }): Promise<CacheCleared> {
  const { needed } = await knownContent(folder);
  const lock = lockStateFolder(folder);
  try {
    const folders = new ContentFolders(folder.cache).open();
    const before = await readCacheContents(folders);
    const plan = planEviction(before, {
      wanted: new Set(),
      wantedBlobs: new Set(),
      wantedBytes: 0,
      limitBytes: 0,
      needed: force ? new Set() : needed,
    });
    await removeFromCache(folders, plan);
    const after = await readCacheContents(folders);
    const bytesOf = ({ versions, blobs }: typeof before): number =>
      sum(versions.map(({ folderBytes }) => folderBytes)) + sum(blobs.values());
    return {
      versions: before.versions.length - after.versions.length,
      bytes: bytesOf(before) - bytesOf(after),
      keptVersions: after.versions.length,
    };
  } finally {
    lock.release();
  }
}

/** What policy and runs say of the content of this computer. Without a policy nothing is needed but by runs. */
async function knownContent(folder: StateFolder): Promise<{
  names: ReadonlyMap<Digest, readonly string[]>;
  needed: ReadonlySet<Digest>;
  cacheMegabytes: number | undefined;
}> {
  const policy = await readPolicyFor(folder, enrolledIdentity(folder));
  const assignments = policy?.document.assignments ?? [];
  const records = new RunRecords(folder);
  const bodies = new BodyStore(folder.bodies);
  const { deployments } = new Preparations(folder.preparations);
  const names = new Map<Digest, string[]>();
  for (const digest of new Set([...assignments, ...records.unfinished].map(({ body }) => body))) {
    const body = bodies.read(digest);
    for (const { name, manifest } of body ? contentOf(body) : []) {
      const known = names.get(manifest) ?? [];
      if (!known.includes(name)) names.set(manifest, [...known, name]);
    }
  }
  const needed = neededContent(records, assignments, deployments, bodies);
  return { names, needed, cacheMegabytes: policy?.document.settings?.cacheMegabytes };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
