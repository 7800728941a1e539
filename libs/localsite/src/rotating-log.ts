import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const tailBytes = 4096;

/** A log file that never grows past its limit: one older generation is kept as `<file>.1`. */
export class RotatingLog {
  #handle: number;
  #bytes: number;
  #tail = '';
  #closed = false;

  constructor(
    readonly file: string,
    private readonly maxBytes = 10 * 1024 * 1024,
  ) {
    this.#handle = openSync(file, 'a', 0o600);
    this.#bytes = fstatSync(this.#handle).size;
  }

  /** Appends what a child wrote; what still arrives after `close` is dropped. */
  write(chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#bytes > 0 && this.#bytes + chunk.length > this.maxBytes) this.#rotate();
    writeSync(this.#handle, chunk);
    this.#bytes += chunk.length;
    this.#tail = (this.#tail + chunk.toString('utf8')).slice(-tailBytes);
  }

  /** The last lines written since this log was opened, at most 4 KiB of them. */
  lastLines(count: number): string[] {
    return this.#tail.trimEnd().split('\n').slice(-count);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#handle);
  }

  #rotate(): void {
    closeSync(this.#handle);
    renameSync(this.file, `${this.file}.1`);
    this.#handle = openSync(this.file, 'a', 0o600);
    this.#bytes = 0;
  }
}
