import type { CacheListing } from './cache-command.js';

/** What the cache holds, as lines for people. */
export function describeCache({ bytes, limitBytes, versions }: CacheListing): string[] {
  const line = (size: string, used: string, needed: string, what: string): string =>
    `${size.padStart(10)}  ${used.padEnd(20)}  ${needed.padEnd(6)}  ${what}`;
  return [
    `${sizeText(bytes)} of at most ${sizeText(limitBytes)}`,
    ...(versions.length === 0 ? [] : [line('SIZE', 'LAST USED', 'NEEDED', 'CONTENT')]),
    ...versions.map(({ manifest, names, bytes: size, usedAt, needed }) =>
      line(
        sizeText(size),
        `${usedAt.slice(0, 19)}Z`,
        needed ? 'yes' : 'no',
        names.length > 0 ? names.join(', ') : `${manifest.slice(0, 'sha256:'.length + 12)}, which nothing names now`,
      ),
    ),
  ];
}

/** `512 B`, `1.5 KiB`, `20.0 MiB`. */
export function sizeText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  if (bytes < 1024) return `${bytes} B`;
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(1)} ${units[unit]}`;
}
