import { randomUUID } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bucket, holdingBucket } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import { renameDurably, syncFolder, writeSynced } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import type { BlobFiles } from './blob-files.js';
import { KeyLocks } from './key-locks.js';
import { type ObjectPointer, renderPointer } from './pointer.js';
import { pointerPath, readPointer } from './pointer-files.js';
import { type WritePreconditions, assertMayWrite } from './preconditions.js';

/** Pointers kept in memory, about 0.5 KB each. */
const CACHED_POINTERS = 20_000;

/** What a PUT stores beside the bytes. */
export interface ObjectHeaders {
  headers: Record<string, string>;
  metadata: Record<string, string>;
}

/**
 * Objects as they are visible: a pointer file per key over immutable blobs. A write is received completely, then
 * committed by one rename; before it nothing has changed, after it everything has, on disk too.
 */
export class ObjectStore {
  private readonly locks = new KeyLocks();
  private readonly cache = new Map<string, ObjectPointer>();
  /** Counts changes, so that a pointer read before a change is not cached after it. */
  private changes = 0;

  constructor(
    private readonly layout: Layout,
    readonly blobs: BlobFiles,
  ) {}

  /** The pointer of a key, or undefined. */
  async find(bucket: Bucket, key: string): Promise<ObjectPointer | undefined> {
    if (!bucket.keys.has(key)) return undefined;
    const name = cacheName(bucket, key);
    const cached = this.cache.get(name);
    if (cached) return cached;
    const before = this.changes;
    const pointer = await readPointer(pointerPath(bucket.objects, key));
    if (pointer && before === this.changes) this.remember(name, pointer);
    return pointer;
  }

  /** @throws S3Error `NoSuchKey` */
  async get(bucket: Bucket, key: string): Promise<ObjectPointer> {
    const pointer = await this.find(bucket, key);
    if (!pointer) throw new S3Error('NoSuchKey', undefined, { Key: key });
    return pointer;
  }

  /**
   * Keeps the blobs of an object from being removed until `blobs.leave`.
   * @returns false when the object has others by now
   */
  async enter(bucket: Bucket, key: string, ids: readonly string[]): Promise<boolean> {
    this.blobs.enter(ids);
    let isCurrent = false;
    try {
      // What replaced it before we entered did not know of us.
      const now = await this.find(bucket, key);
      const named = new Set(now?.blobs.map(({ id }) => id));
      isCurrent = ids.every((id) => named.has(id));
    } finally {
      if (!isCurrent) await this.blobs.leave(ids);
    }
    return isCurrent;
  }

  /**
   * Makes a pointer visible: the one moment at which an object changes. A failure before it leaves everything as it was; blobs that
   * were there are then the caller's.
   * @param unfinished path of the received file that is its one blob; absent when its blobs are in place
   * @throws S3Error `PreconditionFailed`, `NoSuchKey` for If-Match on nothing
   */
  async point(
    bucket: Bucket,
    pointer: ObjectPointer,
    preconditions: WritePreconditions,
    unfinished?: string,
  ): Promise<ObjectPointer> {
    const { key } = pointer;
    const ids = pointer.blobs.map(({ id }) => id);
    return this.exclusively(bucket, key, async () => {
      const previous = await this.find(bucket, key);
      assertMayWrite(preconditions, previous);
      const written = join(this.layout.temporary, `${randomUUID()}.json`);
      try {
        const writing = writeSynced(written, renderPointer(pointer));
        const keeping = unfinished === undefined ? undefined : this.blobs.keep(ids[0]!, unfinished);
        // Both have ended before a failure of one is acted upon, so that no file appears after the cleaning up.
        await Promise.allSettled([writing, keeping]);
        await Promise.all([writing, keeping]);
        await renameDurably(written, pointerPath(bucket.objects, key));
      } catch (error) {
        await this.undo(bucket, pointer, unfinished === undefined ? [] : ids, written);
        throw error;
      }
      this.changes += 1;
      bucket.keys.add(key);
      this.remember(cacheName(bucket, key), pointer);
      this.blobs.named(...ids);
      const kept = new Set(ids);
      if (previous) await this.blobs.remove(previous.blobs.map(({ id }) => id).filter((id) => !kept.has(id)));
      return pointer;
    });
  }

  /** Removes an object, durably. Nothing happens when there is none. @throws S3Error as `point` does */
  async delete(bucket: Bucket, key: string, preconditions: WritePreconditions): Promise<void> {
    await this.exclusively(bucket, key, async () => {
      const pointer = await this.find(bucket, key);
      assertMayWrite(preconditions, pointer);
      if (!pointer) return;
      const path = pointerPath(bucket.objects, key);
      await unlink(path);
      this.changes += 1;
      this.cache.delete(cacheName(bucket, key));
      bucket.keys.delete(key);
      await syncFolder(dirname(path));
      await this.blobs.remove(pointer.blobs.map(({ id }) => id));
    });
  }

  private exclusively<T>(bucket: Bucket, key: string, task: () => Promise<T>): Promise<T> {
    return holdingBucket(bucket, () => this.locks.run(cacheName(bucket, key), task));
  }

  /** After a failed commit: removes its files unless the rename took place, which then decides what is visible. */
  private async undo(
    bucket: Bucket,
    pointer: ObjectPointer,
    received: readonly string[],
    written: string,
  ): Promise<void> {
    const { key } = pointer;
    await unlink(written).catch(() => undefined);
    const visible = await readPointer(pointerPath(bucket.objects, key)).catch(() => undefined);
    this.changes += 1;
    this.cache.delete(cacheName(bucket, key));
    if (visible) bucket.keys.add(key);
    if (visible && sameBlobs(visible, pointer)) {
      this.blobs.named(...received);
      return;
    }
    await this.blobs.remove(received);
  }

  private remember(name: string, pointer: ObjectPointer): void {
    this.cache.delete(name);
    this.cache.set(name, pointer);
    if (this.cache.size <= CACHED_POINTERS) return;
    const oldest = this.cache.keys().next();
    if (!oldest.done) this.cache.delete(oldest.value);
  }
}

/** Whether two pointers of an object are of the same write. */
export function sameBlobs(one: ObjectPointer, other: ObjectPointer): boolean {
  return one.blobs.length === other.blobs.length && one.blobs.every(({ id }, index) => id === other.blobs[index]?.id);
}

function cacheName(bucket: Bucket, key: string): string {
  return `${bucket.name}/${key}`;
}
