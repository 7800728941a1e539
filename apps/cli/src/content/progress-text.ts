import type { DistributionProgress, SiteDistribution } from '@muster/contracts/kinds/distribution.js';
import { byteSize } from '../output/age.js';
import type { UploadProgress } from './upload-package.js';

/** How far an upload is, in one line. */
export function uploadLine(name: string, { phase, bytesDone, bytes }: UploadProgress): string {
  if (phase === 'proving') return `proving ${name}: the library reads what is new`;
  const percent = bytes === 0 ? 100 : Math.floor((bytesDone / bytes) * 100);
  return `${phase} ${name}: ${byteSize(bytesDone)} of ${byteSize(bytes)} (${percent} %)`;
}

/** How far a distribution is, in one line. */
export function distributionLine(name: string, points: readonly DistributionProgress[]): string {
  const parts = points.map(({ point, state, bytesDone, bytes, lastError, waitsFor }) => {
    const why = waitsFor ?? lastError;
    return `${point} ${state} ${byteSize(bytesDone)} of ${byteSize(bytes)}${why === undefined ? '' : ` (${why})`}`;
  });
  return `distributing ${name}: ${parts.join(', ') || 'waiting for its turn'}`;
}

/** How far a distribution is at sites below, in one line. */
export function sitesLine(name: string, sites: readonly SiteDistribution[], waitsFor: readonly string[]): string {
  const parts = waitsFor.map((site) => {
    const told = sites.find((one) => one.site === site);
    if (!told) return `${site} has not said anything yet`;
    const why = told.problem === undefined ? '' : ` (${told.problem})`;
    return `${site} ${told.available} of ${told.points}${why}`;
  });
  return `distributing ${name}: ${parts.join(', ')}`;
}
