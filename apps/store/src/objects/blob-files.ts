import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, copyFile, link, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { S3Error } from '../errors.js';
import { syncFolder } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import { systemCode } from '../start-error.js';

/** Bytes gathered before one write: fewer, larger writes while hashing goes on. */
const WRITE_BATCH_BYTES = 512 * 1024;
const FILES_AT_ONCE = 32;

/** Received bytes that no pointer names yet. */
export interface ReceivedBlob {
  id: string;
  size: number;
  md5: Buffer;
  sha256: Buffer;
}

/** File systems without hard links, and a file that has as many as it may have. */
const NO_LINK = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/**
 * The immutable byte files of a store. What is being written, and what is being read, is known here: nothing of it is removed, by
 * whomever.
 */
export class BlobFiles {
  /** Blobs that no pointer names yet, because their request is still under way. */
  private readonly unnamed = new Set<string>();
  /** Readers of each blob that is being read. */
  private readonly readers = new Map<string, number>();
  /** Removed while they were read: the last reader takes them away. */
  private readonly doomed = new Set<string>();
  /** Every blob begun since a collection began; undefined while there is none. */
  private begun: Set<string> | undefined;

  constructor(private readonly layout: Layout) {}

  /**
   * Writes a body into a new unfinished file, hashing on the way, and returns when its bytes are on disk.
   * Whatever goes wrong, the file is gone afterwards.
   * @param maxBytes more than this is refused with `EntityTooLarge`
   */
  async receive(body: AsyncIterable<Buffer>, maxBytes: number): Promise<ReceivedBlob> {
    const id = this.begin();
    const path = this.unfinishedPath(id);
    const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
      this.named(id);
      throw error;
    });
    try {
      const written = await writeHashed(handle, body, maxBytes);
      await handle.datasync();
      await handle.close();
      return { id, ...written };
    } catch (error) {
      await handle.close();
      await unlink(path);
      this.named(id);
      throw error;
    }
  }

  /**
   * Gives the bytes of a kept blob a second name, durably, without copying them where the file system can.
   *
   * @returns the new id, which no pointer names yet; undefined when the blob has been removed
   */
  async duplicate(id: string): Promise<string | undefined> {
    const copy = this.begin();
    try {
      const path = this.path(copy);
      try {
        await link(this.path(id), path);
      } catch (error) {
        if (!NO_LINK.has(systemCode(error) ?? '')) throw error;
        await this.copyDurably(id, copy);
      }
      await syncFolder(dirname(path));
      return copy;
    } catch (error) {
      this.named(copy);
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async copyDurably(id: string, copy: string): Promise<void> {
    const unfinished = this.unfinishedPath(copy);
    try {
      await copyFile(this.path(id), unfinished);
      const handle = await open(unfinished, 'r+');
      await handle.datasync().finally(() => handle.close());
      await rename(unfinished, this.path(copy));
    } catch (error) {
      await removeIfPresent(unfinished);
      throw error;
    }
  }

  /** A pointer names these blobs now, or nobody ever will. */
  named(...ids: readonly string[]): void {
    for (const id of ids) this.unnamed.delete(id);
  }

  private begin(): string {
    const id = randomUUID().replaceAll('-', '');
    this.unnamed.add(id);
    this.begun?.add(id);
    return id;
  }

  /** Moves a received blob to its final name, durably. It is still invisible until a pointer names it. */
  async keep(id: string): Promise<void> {
    const path = this.path(id);
    await rename(this.unfinishedPath(id), path);
    await syncFolder(dirname(path));
  }

  /** Removes a received blob that will not be kept. */
  async discard(id: string): Promise<void> {
    await removeIfPresent(this.unfinishedPath(id));
    this.named(id);
  }

  /** Removes blobs that no pointer names any more; those that are being read, when their last reader leaves. */
  async remove(ids: readonly string[]): Promise<void> {
    const free = ids.filter((id) => !this.readers.has(id));
    for (const id of ids) if (this.readers.has(id)) this.doomed.add(id);
    await removeEach(free.map((id) => this.path(id)));
  }

  /** Keeps blobs from being removed, from now on until `leave`. It does not say that they are there. */
  enter(ids: readonly string[]): void {
    for (const id of ids) this.readers.set(id, (this.readers.get(id) ?? 0) + 1);
  }

  async leave(ids: readonly string[]): Promise<void> {
    const free: string[] = [];
    for (const id of ids) {
      const left = (this.readers.get(id) ?? 1) - 1;
      if (left > 0) this.readers.set(id, left);
      else {
        this.readers.delete(id);
        if (this.doomed.delete(id)) free.push(id);
      }
    }
    await removeEach(free.map((id) => this.path(id)));
  }

  /** From now on until `endCollection`, `isFree` protects every blob that a request has begun, also when it has ended. */
  beginCollection(): void {
    this.begun = new Set(this.unnamed);
  }

  endCollection(): void {
    this.begun = undefined;
  }

  /** Whether no request of now, or since the collection began, has to do with this blob. */
  isFree(id: string): boolean {
    return !this.readers.has(id) && !this.unnamed.has(id) && !this.begun?.has(id);
  }

  /** Names of the files in one shard of the blobs. */
  async inShard(shard: string): Promise<string[]> {
    return readdir(join(this.layout.blobs, shard));
  }

  /** @throws Error when one of these blobs is not on disk: no pointer may name it */
  async assertPresent(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += FILES_AT_ONCE) {
      await Promise.all(ids.slice(at, at + FILES_AT_ONCE).map((id) => stat(this.path(id))));
    }
  }

  /** Opens a blob for reading, or undefined when it has been removed. */
  async open(id: string): Promise<FileHandle | undefined> {
    try {
      return await open(this.path(id), 'r');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  private path(id: string): string {
    return join(this.layout.blobs, id.slice(0, 2), id);
  }

  private unfinishedPath(id: string): string {
    return join(this.layout.temporary, id);
  }
}

async function writeHashed(
  handle: FileHandle,
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Omit<ReceivedBlob, 'id'>> {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  let size = 0;
  let batch: Buffer[] = [];
  let batchBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing;
    writing = writeAll(handle, batch);
    // Its failure is seen at the next await; without this it would count as unhandled in between.
    writing.catch(() => undefined);
    batch = [];
    batchBytes = 0;
  };
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw new S3Error('EntityTooLarge');
      batch.push(chunk);
      batchBytes += chunk.length;
      md5.update(chunk);
      sha256.update(chunk);
      if (batchBytes >= WRITE_BATCH_BYTES) await flush();
    }
    await flush();
  } finally {
    await writing;
  }
  return { size, md5: md5.digest(), sha256: sha256.digest() };
}

/** writev may write less than it was given; the rest is written one by one. */
async function writeAll(handle: FileHandle, buffers: readonly Buffer[]): Promise<void> {
  if (buffers.length === 0) return;
  let { bytesWritten } = await handle.writev(buffers);
  for (const buffer of buffers) {
    let from = Math.min(bytesWritten, buffer.length);
    bytesWritten -= from;
    while (from < buffer.length) from += (await handle.write(buffer, from)).bytesWritten;
  }
}

/** A multipart object has up to 10,000 blobs. */
async function removeEach(paths: readonly string[]): Promise<void> {
  for (let at = 0; at < paths.length; at += FILES_AT_ONCE) {
    await Promise.all(paths.slice(at, at + FILES_AT_ONCE).map(removeIfPresent));
  }
}

async function removeIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
