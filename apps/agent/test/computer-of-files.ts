import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SystemTree } from '../src/facts/system-tree.js';

/** Computers made of files: what /proc, /sys and the like of them say. */
export class ComputersOfFiles {
  private readonly roots: string[] = [];

  /** @param files contents by their absolute paths */
  make(files: Readonly<Record<string, string | Buffer>>): SystemTree {
    const root = mkdtempSync(join(tmpdir(), 'muster-facts-'));
    this.roots.push(root);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    return new SystemTree(root);
  }

  remove(): void {
    for (const root of this.roots) rmSync(root, { recursive: true, force: true });
  }
}
