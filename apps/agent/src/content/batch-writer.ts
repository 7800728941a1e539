import type { FileHandle } from 'node:fs/promises';

const batchBytes = 1024 * 1024;

/**
 * Writes chunks one behind the other in batches of about 1 MiB, one batch on its way while the next is collected: at most some 2 MiB
 * are held. Errors of the disk come out of whatever is called next.
 */
export class BatchWriter {
  private batch: Buffer[] = [];
  private batched = 0;
  private writing: Promise<void> = Promise.resolve();

  /** @param position where the first chunk goes */
  constructor(
    private readonly file: FileHandle,
    private position: number,
  ) {}

  /** Takes a chunk. What comes back, if anything, has to be waited for before the next one. */
  add(chunk: Buffer): Promise<void> | undefined {
    this.batch.push(chunk);
    this.batched += chunk.length;
    return this.batched < batchBytes ? undefined : this.begin();
  }

  /** Until all is written. */
  async flush(): Promise<void> {
    await this.begin();
    await this.writing;
  }

  /** Until nothing is on its way; its errors are not told. */
  async settle(): Promise<void> {
    await this.writing.catch(() => undefined);
  }

  /** Begins to write the batch once the one before is written. */
  private async begin(): Promise<void> {
    const { batch, batched } = this;
    this.batch = [];
    this.batched = 0;
    await this.writing;
    const at = this.position;
    this.position += batched;
    this.writing = batch.length === 0 ? Promise.resolve() : writeAll(this.file, batch, batched, at);
    // Told by whoever waits next, not as an error that nobody waits for.
    this.writing.catch(() => undefined);
  }
}

async function writeAll(file: FileHandle, batch: readonly Buffer[], bytes: number, position: number): Promise<void> {
  const { bytesWritten } = await file.writev(batch, position);
  if (bytesWritten === bytes) return;
  // A full disk takes a part; the rest says why.
  const rest = Buffer.concat(batch).subarray(bytesWritten);
  for (let offset = 0; offset < rest.length;) {
    const written = await file.write(rest, offset, rest.length - offset, position + bytesWritten + offset);
    offset += written.bytesWritten;
  }
}
