import type { SystemTree } from './system-tree.js';

const MEMORY = new Set(['tmpfs', 'ramfs']);

interface Mount {
  readonly folder: string;
  readonly type: string;
  readonly options: readonly string[];
}

/**
 * Is what is written to the system gone with its next restart, because its root lies in memory, or the upper layer of an overlay on it
 * does (overlayroot, live systems)? Undefined: it cannot be seen from here where that layer lies, as in containers.
 */
export function hasWriteFilter(tree: SystemTree): boolean | undefined {
  const mounts = mountsOf(tree.text('/proc/mounts') ?? '');
  // The last one mounted there is the one that is seen.
  const root = mounts.findLast(({ folder }) => folder === '/');
  if (!root) return undefined;
  if (root.type !== 'overlay') return MEMORY.has(root.type);
  const upper = root.options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length);
  // Without an upper layer nothing can be written at all.
  if (upper === undefined) return false;
  const below = mounts
    .filter(({ folder }) => folder !== '/' && (upper === folder || upper.startsWith(`${folder}/`)))
    .reduce<Mount | undefined>(
      (best, one) => (one.folder.length >= (best?.folder.length ?? 0) ? one : best),
      undefined,
    );
  return below && MEMORY.has(below.type) ? true : below && tree.has(upper) ? false : undefined;
}

function mountsOf(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [, folder, type, options] = line.split(' ');
    if (folder === undefined || type === undefined || options === undefined) return [];
    return [{ folder: folder.replaceAll('\\040', ' '), type, options: options.split(',') }];
  });
}
