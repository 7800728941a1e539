import type { FileHandle } from 'node:fs/promises';
import type { BlobFiles } from './blob-files.js';
import type { BlobSlice } from './pointer.js';

const READ_BYTES = 512 * 1024;

/**
 * Reads some bytes of an object, one blob after the other: an object of 10,000 parts takes one open file. Its blobs must have been
 * entered (`BlobFiles.enter`); closing leaves them.
 */
export class ObjectReader {
  private closed = false;

  private constructor(
    private readonly blobs: BlobFiles,
    private readonly slices: readonly BlobSlice[],
    private current: FileHandle | undefined,
  ) {}

  /** Opens the first blob. @throws Error when it is missing or not as long as it must be */
  static async open(blobs: BlobFiles, slices: readonly BlobSlice[]): Promise<ObjectReader> {
    const [first] = slices;
    return new ObjectReader(blobs, slices, first && (await openBlob(blobs, first)));
  }

  /** All bytes in one buffer: for small ones. */
  async readAll(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.read()) pieces.push(piece);
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** The bytes in pieces of 512 KiB at most, read ahead by one. */
  async *read(): AsyncGenerator<Buffer> {
    for (const slice of this.slices) {
      const handle = (this.current ??= await openBlob(this.blobs, slice));
      let position = slice.start;
      let next = readAt(handle, position, slice.end);
      while (position <= slice.end) {
        const buffer = await next;
        if (buffer.length === 0) throw new Error(`blob ${slice.blob.id} ended early`);
        position += buffer.length;
        // Read ahead while the socket takes what we have.
        next = position <= slice.end ? readAt(handle, position, slice.end) : Promise.resolve(buffer);
        next.catch(() => undefined);
        yield buffer;
      }
      this.current = undefined;
      await handle.close();
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.current?.close().catch(() => undefined);
    await this.blobs.leave(this.slices.map(({ blob }) => blob.id));
  }
}

async function openBlob(blobs: BlobFiles, { blob }: BlobSlice): Promise<FileHandle> {
  const handle = await blobs.open(blob.id);
  if (!handle) throw new Error(`blob ${blob.id} is missing, and its pointer names it`);
  try {
    const { size } = await handle.stat();
    if (size !== blob.size) throw new Error(`blob ${blob.id} has ${size} bytes, its pointer says ${blob.size}`);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readAt(handle: FileHandle, position: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - position + 1));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
  return buffer.subarray(0, bytesRead);
}
