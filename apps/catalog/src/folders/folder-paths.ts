/** A folder with all folders around it, outermost first; the root is none. `/a/b` is `/a` and `/a/b`. */
export function withFoldersAround(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

/** Is a folder another one, or somewhere in it? */
export function isInside(path: string, around: string): boolean {
  return path === around || path.startsWith(`${around}/`);
}
