import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { S3Error } from '../errors.js';
import { syncFolder } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import { systemCode } from '../start-error.js';

/** Bytes gathered before one write: fewer, larger writes while hashing goes on. */
const WRITE_BATCH_BYTES = 512 * 1024;

/** Received bytes that no pointer names yet. */
export interface ReceivedBlob {
  id: string;
  size: number;
  md5: Buffer;
  sha256: Buffer;
}

/** The immutable byte files of a store. */
export class BlobFiles {
  constructor(private readonly layout: Layout) {}

  /**
   * Writes a body into a new unfinished file, hashing on the way, and returns when its bytes are on disk.
   * Whatever goes wrong, the file is gone afterwards.
   * @param maxBytes more than this is refused with `EntityTooLarge`
   */
  async receive(body: AsyncIterable<Buffer>, maxBytes: number): Promise<ReceivedBlob> {
    const id = randomUUID().replaceAll('-', '');
    const path = this.unfinishedPath(id);
    const handle = await open(path, 'wx', 0o600);
    try {
      const written = await writeHashed(handle, body, maxBytes);
      await handle.datasync();
      await handle.close();
      return { id, ...written };
    } catch (error) {
      await handle.close();
      await unlink(path);
      throw error;
    }
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
  }

  /** Removes blobs that no pointer names any more. Readers that have them open go on reading. */
  async remove(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => removeIfPresent(this.path(id))));
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

async function removeIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
