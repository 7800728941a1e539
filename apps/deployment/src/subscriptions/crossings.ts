import type { AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { AlertCrossing } from '@muster/contracts/kinds/alert-subscription.js';

/** An alert that is over, and of which nothing was known, is old news after so long: as when a site joins with all that it keeps. */
const OLD_NEWS_MILLISECONDS = 24 * 3_600_000;

/**
 * What happened to an alert of another site since it was last looked at. Times are those of its own site, which alone raises and resolves
 * it; a site that was restored from a backup tells older ones, and none of them twice. Pure.
 *
 * @param known undefined: it was never looked at
 */
export function crossingsOf(
  known: { readonly raisedAt: Date; readonly resolvedAt?: Date | undefined } | undefined,
  { state, raisedAt, resolvedAt }: Pick<AlertStatus, 'state' | 'raisedAt' | 'resolvedAt'>,
  now: Date,
): { crossing: AlertCrossing; at: string }[] {
  const over = state === 'resolved' || state === 'closed';
  if (!known && over && now.getTime() - Date.parse(resolvedAt ?? raisedAt) > OLD_NEWS_MILLISECONDS) return [];
  const later = (at: string, than: Date | undefined) => than === undefined || Date.parse(at) > than.getTime();
  return [
    ...(later(raisedAt, known?.raisedAt) ? [{ crossing: 'raised' as const, at: raisedAt }] : []),
    ...(resolvedAt !== undefined && later(resolvedAt, known?.resolvedAt)
      ? [{ crossing: 'resolved' as const, at: resolvedAt }]
      : []),
  ];
}
