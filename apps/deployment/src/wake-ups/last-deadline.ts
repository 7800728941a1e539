import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import { lastOccurrence } from '@muster/schedule/occurrences.js';
import { momentInstant } from '@muster/schedule/zoned-time.js';

/** A deadline that is longer ago wakes nobody: the site was away, and the people of another day are at their computers. */
export const DEADLINE_FRESH_MILLISECONDS = 15 * 60_000;

const hasOffset = /(?:Z|[+-]\d{2}:\d{2})$/;

/** When a deployment last made the devices of a time zone run, if that is fresh; what happens on a device makes no deadline. */
export function lastDeadline(
  { availableAt, expiresAt, triggers = [{ event: 'AsSoonAsPossible' }] }: DeploymentSpec,
  { createdAt, now, timeZone }: { readonly createdAt: number; readonly now: number; readonly timeZone: string },
): number | undefined {
  const available = availableAt === undefined ? -Infinity : momentInstant(availableAt, timeZone);
  const expires = expiresAt === undefined ? Infinity : momentInstant(expiresAt, timeZone);
  const came = triggers.flatMap((trigger) => {
    if ('schedule' in trigger) return lastOccurrence(trigger.schedule, now, timeZone) ?? [];
    return trigger.event === 'AsSoonAsPossible' ? createdAt : [];
  });
  if (came.length === 0) return undefined;
  const last = Math.max(...came, available);
  // Before it is available nothing is due; what came before that is due then.
  return last <= now && now - last < DEADLINE_FRESH_MILLISECONDS && now < expires ? last : undefined;
}

/** Does it happen at other moments in other time zones? */
export function dependsOnZone({ availableAt, expiresAt, triggers = [] }: DeploymentSpec): boolean {
  const schedules = triggers.flatMap((trigger) => ('schedule' in trigger ? [trigger.schedule.start] : []));
  return [availableAt, expiresAt, ...schedules].some((moment) => moment !== undefined && !hasOffset.test(moment));
}
