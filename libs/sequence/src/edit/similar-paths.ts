import { nearest } from '../findings.js';

const most = 3;
/** More paths than this are only looked at for equal names. */
const compared = 2000;

/** Paths that may be meant by one that does not exist: the same last name elsewhere, other case, small typing mistakes. */
export function similarPaths(path: string, paths: readonly string[]): string[] {
  const wanted = path.toLowerCase();
  const name = lastName(wanted);
  const found = new Set<string>();
  for (const one of paths) {
    const lower = one.toLowerCase();
    if (lower === wanted || lastName(lower) === name) found.add(one);
    if (found.size === most) return [...found];
  }
  if (found.size > 0) return [...found];
  const candidates = paths.slice(0, compared);
  const whole = nearest(path, candidates);
  if (whole !== undefined) found.add(whole);
  const byName = nearest(
    name,
    candidates.map((one) => lastName(one.toLowerCase())),
  );
  for (const one of candidates) if (byName !== undefined && lastName(one.toLowerCase()) === byName) found.add(one);
  return [...found].slice(0, most);
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/ \(\d+\)$/, '');
}
