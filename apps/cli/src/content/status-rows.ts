import type { DistributionCopies, DistributionProgress } from '@muster/contracts/kinds/distribution.js';
import { age, byteSize } from '../output/age.js';

/** The columns of {@link statusRows}. */
export const STATUS_HEADER = [
  'POINT',
  'VERSION',
  'STATE',
  'DONE',
  'MOVED',
  'OBJECTS',
  'TO CHECK',
  'BAD',
  'REPAIRED',
  'READ',
  'WHY',
] as const;

/** One row for each point and version. How the objects stand is said once for a point, in its first row that has any. */
export function statusRows(
  progress: readonly DistributionProgress[],
  copies: readonly DistributionCopies[],
  now: Date,
): string[][] {
  const left = new Map(copies.map((one) => [one.point, one]));
  return progress.map(({ point, version, state, bytesDone, bytes, bytesMoved, lastError, waitsFor }) => {
    const stored = state === 'available' ? left.get(point) : undefined;
    if (stored) left.delete(point);
    const done = state === 'available' ? byteSize(bytes) : `${byteSize(bytesDone)} of ${byteSize(bytes)}`;
    const counts = stored ? [stored.copies, stored.waiting, stored.bad, stored.repaired].map(String) : ['', '', '', ''];
    const read = stored?.readSince === undefined ? '' : `${age(stored.readSince, now)} ago`;
    const moved = bytesMoved === undefined ? '' : byteSize(bytesMoved);
    return [
      point,
      String(version),
      state,
      done,
      moved,
      ...counts,
      read,
      stored?.problem ?? waitsFor ?? lastError ?? '',
    ];
  });
}
