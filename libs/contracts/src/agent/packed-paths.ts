import { contentPathSchema } from './content.js';

/** What paths are ordered by in a pack: names that differ in case only are neighbours, and so are a file and what is below its name. Pure. */
export function packOrder(path: string): string {
  return path.toLowerCase().replaceAll('/', '\0');
}

/**
 * Looks at the paths of a pack one after the other. Their order makes what collides neighbours, so a million of them are judged with the memory of
 * one.
 */
export class PackedPaths {
  private before: { path: string; key: string } | undefined;
  private readonly files = new Set<string>();
  private readonly folders = new Set<string>();

  /** @param beside the paths of the version's other files */
  constructor(beside: readonly string[]) {
    for (const path of beside) {
      const key = packOrder(path);
      this.files.add(key);
      for (const folder of foldersOf(key)) this.folders.add(folder);
    }
  }

  /** What is wrong with the next path, after those that were asked about before. */
  problemOf(path: string): string | undefined {
    const { before } = this;
    const key = packOrder(path);
    this.before = { path, key };
    if (!contentPathSchema.safeParse(path).success) return 'is no path in content';
    if (this.files.has(key)) return 'collides with another file; names must differ in more than case';
    if (this.folders.has(key)) return 'is also the folder of another file';
    if (this.files.size > 0 && foldersOf(key).some((folder) => this.files.has(folder)))
      return 'is in a folder that is also a file';
    if (!before) return undefined;
    if (key === before.key) return `collides with "${before.path}"; names must differ in more than case`;
    if (key < before.key) return `must come before "${before.path}"`;
    if (key.startsWith(`${before.key}\0`)) return `is in a folder that is also a file, "${before.path}"`;
    if (isOtherCase(before.path, path)) return `is in a folder that differs from that of "${before.path}" in case only`;
    return undefined;
  }
}

/** Are two paths in folders whose names are the same but for case? */
function isOtherCase(one: string, other: string): boolean {
  const [ones, others] = [one.split('/'), other.split('/')];
  for (let depth = 0; depth < Math.min(ones.length, others.length) - 1; depth += 1) {
    if (ones[depth] === others[depth]) continue;
    return ones[depth]!.toLowerCase() === others[depth]!.toLowerCase();
  }
  return false;
}

function foldersOf(key: string): string[] {
  const parts = key.split('\0');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('\0'));
}
