import type { Digest } from '@muster/contracts/digest.js';

/** A version that the cache knows: its blobs, its folder, or both. */
export interface CachedVersion {
  readonly manifest: Digest;
  /** Digests of its files, each once. */
  readonly blobs: readonly Digest[];
  /** Bytes of its folder; 0 while it has none. */
  readonly folderBytes: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

/** What is on the disk. */
export interface CacheContents {
  readonly versions: readonly CachedVersion[];
  /** Bytes of each blob, and of the beginnings of those that are still coming. */
  readonly blobs: ReadonlyMap<Digest, number>;
}

/** The versions that are wanted now, and what must hold. */
export interface EvictionRequest {
  readonly wanted: ReadonlySet<Digest>;
  /** Blobs of the wanted versions. */
  readonly wantedBlobs: ReadonlySet<Digest>;
  /** Bytes that the folders of the wanted versions will take, or take. */
  readonly wantedBytes: number;
  readonly limitBytes: number;
  /** Versions that a running or pending run needs. */
  readonly needed: ReadonlySet<Digest>;
  /** What was used in this time is not removed; milliseconds since the epoch. A time to come is a clock that went wrong, and keeps nothing. */
  readonly kept?: { readonly from: number; readonly to: number } | undefined;
}

/** What to remove; `shortBytes` > 0: that is not enough. */
export interface EvictionPlan {
  readonly blobs: readonly Digest[];
  readonly versions: readonly Digest[];
  readonly shortBytes: number;
}

/**
 * Chooses what makes room: first blobs of no version, then blobs that are in a folder too, then versions, the least recently used first.
 * Never a wanted one, one that a run needs (content.md, 6), or one that was used in the time for which all is kept.
 */
export function planEviction({ versions, blobs }: CacheContents, request: EvictionRequest): EvictionPlan {
  const { wanted, wantedBlobs, wantedBytes, limitBytes, needed, kept } = request;
  const others = versions
    .filter(({ manifest }) => !wanted.has(manifest))
    .toSorted((one, other) => one.usedAt - other.usedAt);
  const left = new Map([...blobs].filter(([digest]) => !wantedBlobs.has(digest)));
  let bytes = wantedBytes + sum(left.values()) + sum(others.map(({ folderBytes }) => folderBytes));
  const removedBlobs: Digest[] = [];
  const removedVersions: Digest[] = [];
  const removeBlobs = (digests: Iterable<Digest>): void => {
    for (const digest of digests) {
      if (bytes <= limitBytes) return;
      const size = left.get(digest);
      if (size === undefined) continue;
      left.delete(digest);
      removedBlobs.push(digest);
      bytes -= size;
    }
  };

  const users = new Map<Digest, number>();
  for (const version of others) for (const digest of version.blobs) users.set(digest, (users.get(digest) ?? 0) + 1);
  removeBlobs([...left.keys()].filter((digest) => !users.has(digest)));
  const unfinished = new Set(others.filter(({ folderBytes }) => folderBytes === 0).flatMap((version) => version.blobs));
  for (const version of others) removeBlobs(version.blobs.filter((digest) => !unfinished.has(digest)));
  const isKept = ({ usedAt }: CachedVersion): boolean => kept !== undefined && usedAt >= kept.from && usedAt <= kept.to;
  for (const version of others.filter((one) => !needed.has(one.manifest) && !isKept(one))) {
    if (bytes <= limitBytes) break;
    removedVersions.push(version.manifest);
    bytes -= version.folderBytes;
    const only = version.blobs.filter((digest) => {
      const count = (users.get(digest) ?? 0) - 1;
      users.set(digest, count);
      return count === 0;
    });
    removeBlobs(only);
  }
  return { blobs: removedBlobs, versions: removedVersions, shortBytes: Math.max(0, bytes - limitBytes) };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
