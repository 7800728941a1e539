import type { FileHandle } from 'node:fs/promises';
import type { BodyFiles } from './body-files.js';
import type { BlobSlice } from './pointer.js';

const READ_BYTES = 512 * 1024;

/**
 * Reads some bytes of an object, one blob after the other: an object of 10,000 parts takes one open file. The blobs behind the first,
 * which is open, must be held (`Coordinator.hold`); closing lets go of them.
 */
export class ObjectReader {
  private closed = false;

  private constructor(
    private readonly files: BodyFiles,
    private readonly slices: readonly BlobSlice[],
    private current: FileHandle | undefined,
    private readonly letGo: () => Promise<void>,
  ) {}

  /** Opens the first blob, if there is any; undefined when it is missing. @throws Error when it is not as long as it must be */
  static async open(
    files: BodyFiles,
    slices: readonly BlobSlice[],
    letGo: () => Promise<void>,
  ): Promise<ObjectReader | undefined> {
    const [first] = slices;
    const handle = first && (await openBlob(files, first));
    return first && !handle ? undefined : new ObjectReader(files, slices, handle, letGo);
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
      const handle = (this.current ??= await openBlob(this.files, slice));
      if (!handle) throw missing(slice.blob.id);
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
    await this.letGo();
  }
}

/** The disk lost a blob. */
export function missing(id: string): Error {
  return new Error(`blob ${id} is missing, and its pointer names it`);
}

async function openBlob(files: BodyFiles, { blob }: BlobSlice): Promise<FileHandle | undefined> {
  const handle = await files.open(blob.id);
  if (!handle) return undefined;
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
