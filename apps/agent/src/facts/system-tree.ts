import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** /proc, /sys and the like below a root; never throws, what is not there is absent. */
export class SystemTree {
  constructor(private readonly root = '/') {}

  /** A text without blanks around it; undefined when it cannot be read or is empty. */
  text(path: string): string | undefined {
    try {
      // The device tree ends its texts with a zero.
      const found = readFileSync(join(this.root, path), 'utf8').replaceAll('\0', ' ').trim();
      return found === '' ? undefined : found;
    } catch {
      return undefined;
    }
  }

  number(path: string): number | undefined {
    const found = this.text(path);
    return found !== undefined && /^\d{1,15}$/.test(found) ? Number(found) : undefined;
  }

  /** The last bytes of a file, at most `most` and a multiple of `unit` from its start; undefined when it cannot be read. */
  tail(path: string, most: number, unit = 1): Buffer | undefined {
    let file: number | undefined;
    try {
      file = openSync(join(this.root, path), 'r');
      const { size } = fstatSync(file);
      const from = Math.ceil(Math.max(0, size - most) / unit) * unit;
      const bytes = Buffer.alloc(Math.max(0, size - from));
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
    } catch {
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Names in a folder, sorted; empty when it cannot be read. */
  names(path: string): string[] {
    try {
      return readdirSync(join(this.root, path)).sort();
    } catch {
      return [];
    }
  }

  /** Where it is on the disk. */
  path(path: string): string {
    return join(this.root, path);
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }
}
