import { randomUUID } from 'node:crypto';
import { type FileHandle, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bucket } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import { renameDurably, syncFolder, writeSynced } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import { systemCode } from '../start-error.js';
import type { BlobFiles, ReceivedBlob } from './blob-files.js';
import { fileNameOfKey, shardOfKey } from './key-file-names.js';
import { KeyLocks } from './key-locks.js';
import { type BlobSlice, type ObjectPointer, parsePointer, renderPointer, sliceBlobs } from './pointer.js';
import { type WritePreconditions, assertMayWrite } from './preconditions.js';

/** Pointers kept in memory, about 0.5 KB each. */
const CACHED_POINTERS = 20_000;

/** What a PUT stores beside the bytes. */
export interface ObjectHeaders {
  headers: Record<string, string>;
  metadata: Record<string, string>;
}

/** One part of an object, opened: it stays readable even if the object is overwritten or deleted meanwhile. */
export interface OpenSlice extends BlobSlice {
  handle: FileHandle;
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
   * Opens the bytes `start` to `end` (inclusive) of a pointer.
   * @returns undefined when the pointer is outdated: its blobs have been replaced; read the pointer again
   * @throws Error when a blob's file is shorter than its pointer says: the disk lost bytes
   */
  async openSlices(pointer: ObjectPointer, start: number, end: number): Promise<OpenSlice[] | undefined> {
    const open: OpenSlice[] = [];
    try {
      for (const slice of sliceBlobs(pointer.blobs, start, end)) {
        const handle = await this.blobs.open(slice.blob.id);
        if (!handle) {
          await closeAll(open);
          return undefined;
        }
        open.push({ ...slice, handle });
        const { size } = await handle.stat();
        if (size !== slice.blob.size) {
          throw new Error(`blob ${slice.blob.id} has ${size} bytes, its pointer says ${slice.blob.size}`);
        }
      }
      return open;
    } catch (error) {
      await closeAll(open);
      throw error;
    }
  }

  /**
   * Makes a received blob the object's bytes.
   * @throws S3Error `PreconditionFailed` when the key's state forbids it; the received blob is then the caller's
   */
  async commit(
    bucket: Bucket,
    key: string,
    blob: ReceivedBlob,
    described: ObjectHeaders & { preconditions: WritePreconditions; now: Date },
  ): Promise<ObjectPointer> {
    return this.exclusively(bucket, key, async () => {
      const previous = await this.find(bucket, key);
      assertMayWrite(described.preconditions, previous);
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
      const unfinished = join(this.layout.temporary, `${randomUUID()}.json`);
      try {
        const written = writeSynced(unfinished, renderPointer(pointer));
        const kept = this.blobs.keep(blob.id);
        // Both have ended before a failure of one is acted upon, so that no file appears after the cleaning up.
        await Promise.allSettled([written, kept]);
        await Promise.all([written, kept]);
        await renameDurably(unfinished, pointerPath(bucket, key));
      } catch (error) {
        await this.undo(bucket, key, blob.id, unfinished);
        throw error;
      }
      this.changes += 1;
      bucket.keys.add(key);
      this.remember(cacheName(bucket, key), pointer);
      if (previous) await this.blobs.remove(previous.blobs.map(({ id }) => id));
      return pointer;
    });
  }

  /** Removes an object, durably. Nothing happens when there is none. */
  async delete(bucket: Bucket, key: string): Promise<void> {
    await this.exclusively(bucket, key, async () => {
      const pointer = await this.find(bucket, key);
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

  private async exclusively<T>(bucket: Bucket, key: string, task: () => Promise<T>): Promise<T> {
    if (bucket.commits === Number.POSITIVE_INFINITY) {
      throw new S3Error('NoSuchBucket', undefined, { BucketName: bucket.name });
    }
    bucket.commits += 1;
    try {
      return await this.locks.run(cacheName(bucket, key), task);
    } finally {
      bucket.commits -= 1;
    }
  }

  /** After a failed commit: removes its files unless the rename took place, which then decides what is visible. */
  private async undo(bucket: Bucket, key: string, blobId: string, unfinished: string): Promise<void> {
    await unlink(unfinished).catch(() => undefined);
    const visible = await readPointer(pointerPath(bucket, key)).catch(() => undefined);
    this.changes += 1;
    this.cache.delete(cacheName(bucket, key));
    if (visible) bucket.keys.add(key);
    if (visible?.blobs.some(({ id }) => id === blobId)) return;
    await this.blobs.discard(blobId);
    await this.blobs.remove([blobId]);
  }

  private remember(name: string, pointer: ObjectPointer): void {
    this.cache.delete(name);
    this.cache.set(name, pointer);
    if (this.cache.size <= CACHED_POINTERS) return;
    const oldest = this.cache.keys().next();
    if (!oldest.done) this.cache.delete(oldest.value);
  }
}

/** Closes every handle of a list, also when one fails. */
export async function closeAll(slices: readonly OpenSlice[]): Promise<void> {
  await Promise.allSettled(slices.map(({ handle }) => handle.close()));
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
