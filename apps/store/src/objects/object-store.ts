import { randomUUID } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bucket, holdingBucket } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import { renameDurably, syncFolder, writeSynced } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import { systemCode } from '../start-error.js';
import type { BlobFiles, ReceivedBlob } from './blob-files.js';
import { fileNameOfKey, shardOfKey } from './key-file-names.js';
import { KeyLocks } from './key-locks.js';
import { type ObjectPointer, parsePointer, renderPointer, sliceBlobs } from './pointer.js';
import { ObjectReader } from './object-reader.js';
import { NO_PRECONDITIONS, type WritePreconditions, assertMayWrite } from './preconditions.js';

/** Pointers kept in memory, about 0.5 KB each. */
const CACHED_POINTERS = 20_000;

/** What a PUT stores beside the bytes. */
export interface ObjectHeaders {
  headers: Record<string, string>;
  metadata: Record<string, string>;
}

/** Everything about a new object but its bytes. */
export type Described = ObjectHeaders & { preconditions: WritePreconditions; now: Date };

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
    const pointer = await readPointer(pointerPath(bucket, key));
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
   * Opens the bytes `start` to `end` (inclusive) of a pointer. They stay readable even if the object is overwritten or deleted
   * meanwhile, until the reader is closed.
   * @returns undefined when the pointer is outdated: its blobs have been replaced; read the pointer again
   * @throws Error when a blob's file is missing, or shorter than its pointer says: the disk lost bytes
   */
  async openBytes(
    bucket: Bucket,
    pointer: ObjectPointer,
    start: number,
    end: number,
  ): Promise<ObjectReader | undefined> {
    const slices = sliceBlobs(pointer.blobs, start, end);
    const ids = slices.map(({ blob }) => blob.id);
    this.blobs.enter(ids);
    let reader: ObjectReader | undefined;
    try {
      // What replaced it before we entered did not know of us.
      const now = await this.find(bucket, pointer.key);
      if (now && sameBlobs(now, pointer)) reader = await ObjectReader.open(this.blobs, slices);
      return reader;
    } finally {
      if (!reader) await this.blobs.leave(ids);
    }
  }

  /**
   * Makes a received blob the object's bytes.
   * @throws S3Error `PreconditionFailed` when the key's state forbids it; the received blob is then the caller's
   */
  async commit(bucket: Bucket, key: string, blob: ReceivedBlob, described: Described): Promise<ObjectPointer> {
    const pointer: ObjectPointer = {
      pointerVersion: 1,
      key,
      size: blob.size,
      etag: blob.md5.toString('hex'),
      sha256: blob.sha256.toString('base64'),
      modifiedAt: described.now.toISOString(),
      headers: described.headers,
      metadata: described.metadata,
      blobs: [{ id: blob.id, size: blob.size }],
    };
    return this.point(bucket, pointer, described.preconditions, () => this.blobs.keep(blob.id));
  }

  /**
   * Makes a pointer visible whose blobs are durable, or are so when `keep` has ended: the one moment at which an object changes.
   * A failure before it leaves everything as it was; the blobs are then the caller's.
   * @throws S3Error `PreconditionFailed`, `NoSuchKey` for If-Match on nothing
   */
  async point(
    bucket: Bucket,
    pointer: ObjectPointer,
    preconditions: WritePreconditions,
    keep?: () => Promise<void>,
  ): Promise<ObjectPointer> {
    const { key } = pointer;
    const ids = pointer.blobs.map(({ id }) => id);
    return this.exclusively(bucket, key, async () => {
      const previous = await this.find(bucket, key);
      assertMayWrite(preconditions, previous);
      const unfinished = join(this.layout.temporary, `${randomUUID()}.json`);
      try {
        const written = writeSynced(unfinished, renderPointer(pointer));
        const kept = keep?.();
        // Both have ended before a failure of one is acted upon, so that no file appears after the cleaning up.
        await Promise.allSettled([written, kept]);
        await Promise.all([written, kept]);
        await renameDurably(unfinished, pointerPath(bucket, key));
      } catch (error) {
        await this.undo(bucket, key, pointer, keep === undefined ? [] : ids, unfinished);
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
  async delete(bucket: Bucket, key: string, preconditions: WritePreconditions = NO_PRECONDITIONS): Promise<void> {
    await this.exclusively(bucket, key, async () => {
      const pointer = await this.find(bucket, key);
      assertMayWrite(preconditions, pointer);
      if (!pointer) return;
      const path = pointerPath(bucket, key);
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
    key: string,
    pointer: ObjectPointer,
    received: readonly string[],
    unfinished: string,
  ): Promise<void> {
    await unlink(unfinished).catch(() => undefined);
    const visible = await readPointer(pointerPath(bucket, key)).catch(() => undefined);
    this.changes += 1;
    this.cache.delete(cacheName(bucket, key));
    if (visible) bucket.keys.add(key);
    if (visible && sameBlobs(visible, pointer)) {
      this.blobs.named(...received);
      return;
    }
    for (const id of received) await this.blobs.discard(id);
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

function sameBlobs(one: ObjectPointer, other: ObjectPointer): boolean {
  return one.blobs.length === other.blobs.length && one.blobs.every(({ id }, index) => id === other.blobs[index]?.id);
}

function cacheName(bucket: Bucket, key: string): string {
  return `${bucket.name}/${key}`;
}

function pointerPath(bucket: Bucket, key: string): string {
  return join(bucket.objects, shardOfKey(key), fileNameOfKey(key));
}

async function readPointer(path: string): Promise<ObjectPointer | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return parsePointer(text);
}
