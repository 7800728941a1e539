import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { S3Error } from '../errors.js';
import { removeIfPresent } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import { systemCode } from '../start-error.js';

/** Bytes gathered before one write: fewer, larger writes while hashing goes on. */
const WRITE_BATCH_BYTES = 512 * 1024;

/** Received bytes that no pointer names yet. */
export interface ReceivedBlob {
  id: string;
  /** Where they are until they are kept. */
  path: string;
  size: number;
  md5: Buffer;
  sha256: Buffer;
}

/** The bytes of a blob, once they are kept. */
export function blobPath({ blobs }: Pick<Layout, 'blobs'>, id: string): string {
  return join(blobs, id.slice(0, 2), id);
}

/** An id that no blob has had. */
export function newBlobId(): string {
  return randomUUID().replaceAll('-', '');
}

/** The files that a process which serves requests writes and reads by itself: bodies that arrive, and blobs. */
export class BodyFiles {
  /** @param unfinished folder of files that are being received; nobody else's */
  constructor(
    private readonly layout: Pick<Layout, 'blobs'>,
    private readonly unfinished: string,
  ) {}

  /**
   * Writes a body into a new unfinished file, hashing on the way, and returns when its bytes are on disk.
   * Whatever goes wrong, the file is gone afterwards.
   * @param maxBytes more than this is refused with `EntityTooLarge`
   */
  async receive(body: AsyncIterable<Buffer>, maxBytes: number): Promise<ReceivedBlob> {
    const id = newBlobId();
    const path = join(this.unfinished, id);
    const handle = await open(path, 'wx', 0o600);
    try {
      const written = await writeHashed(handle, body, maxBytes);
      await handle.datasync();
      await handle.close();
      return { id, path, ...written };
    } catch (error) {
      await handle.close();
      await unlink(path);
      throw error;
    }
  }

  /** Removes a received file that was not kept. */
  async discard({ path }: ReceivedBlob): Promise<void> {
    await removeIfPresent(path);
  }

  /** Opens a blob for reading, or undefined when it has been removed. */
  async open(id: string): Promise<FileHandle | undefined> {
    try {
      return await open(blobPath(this.layout, id), 'r');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}

async function writeHashed(
  handle: FileHandle,
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Omit<ReceivedBlob, 'id' | 'path'>> {
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
