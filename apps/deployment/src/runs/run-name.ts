/**
 * The names a run may get, best first. The short one has the time and the end of the uid; a fleet that starts within
 * one minute makes two of them equal now and then, and the later run gets the long one.
 */
export function runNames(uid: string): { short: string; long: string } {
  const hex = uid.toLowerCase().replaceAll('-', '');
  return { short: `run-${hex.slice(0, 8)}${hex.slice(-4)}`, long: `run-${hex}` };
}
