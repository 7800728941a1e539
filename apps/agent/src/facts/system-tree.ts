import { existsSync, readFileSync, readdirSync } from 'node:fs';
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
