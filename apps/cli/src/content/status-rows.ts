import type {
  DistributionCopies,
  DistributionProgress,
  SiteDistribution,
} from '@muster/contracts/kinds/distribution.js';
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

/** One row for each site below that has told its sums, and for each other site of whose points one is named. */
export function siteRows(sites: readonly SiteDistribution[], points: readonly string[]): string[][] {
  const told = sites.map((one) => {
    const { site, version, available, points: all, failed, problem, unknownPoints = [] } = one;
    const state = `${available} of ${all}${failed > 0 ? `, ${failed} failed` : ''}`;
    const unknown = unknownPoints.length > 0 ? `no such points: ${unknownPoints.join(', ')}` : '';
    return siteRow(site, version === undefined ? '' : String(version), state, problem ?? unknown);
  });
  const silent = new Set(points.flatMap((point) => (point.includes('/') ? [point.slice(0, point.indexOf('/'))] : [])));
  for (const { site } of sites) silent.delete(site);
  const why = 'nothing heard of it here: a site tells those above it, when their link is there';
  return [...told, ...[...silent].toSorted().map((site) => siteRow(site, '', 'told', why))];
}

function siteRow(site: string, version: string, state: string, why: string): string[] {
  const row: string[] = STATUS_HEADER.map(() => '');
  row[0] = `site ${site}`;
  row[1] = version;
  row[2] = state;
  row[STATUS_HEADER.length - 1] = why;
  return row;
}
