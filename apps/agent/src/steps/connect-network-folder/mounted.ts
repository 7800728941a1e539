import { readFileSync } from 'node:fs';

/** What is mounted at a path, or undefined; the last mount hides those before it. */
export function mountedAt(path: string, mounts = readMounts()): string | undefined {
  let found: string | undefined;
  for (const line of mounts.split('\n')) {
    const [source = '', target = ''] = line.split(' ').map(unescape);
    if (target === path) found = source;
  }
  return found;
}

/** /proc/self/mounts has blanks and the like as octal numbers. */
function unescape(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mounts', 'utf8');
  } catch {
    return '';
  }
}
