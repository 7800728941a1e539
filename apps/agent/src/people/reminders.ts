import type { PolicySettings } from '@muster/contracts/agent/policy.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How often people are reminded of a Required deployment, as the site says it. */
export type Cadence = Pick<PolicySettings, 'remindHours' | 'remindHoursLastDay' | 'remindMinutesLastHour'>;

/** What becomes of a reminder now. */
export interface ReminderVerdict {
  readonly due: boolean;
  /** The next one, or when another cadence begins; Infinity: none comes. */
  readonly lookAgain: number;
}

/** Does the site want people to be reminded at all? */
export function hasCadence({ remindHours, remindHoursLastDay, remindMinutesLastHour }: Cadence): boolean {
  return (remindHours ?? remindHoursLastDay ?? remindMinutesLastHour) !== undefined;
}

/**
 * Are people reminded now of a run that begins at an instant? More than a day before it, in its last day and in its last hour each at its own
 * pace, counted from when they last heard of it; those who have not heard of it, at once. Pure.
 * @param toldAt when they last heard of it; later than now: the clock was set back, and they heard of it just now
 */
export function judgeReminder(
  begins: number,
  toldAt: number | undefined,
  cadence: Cadence,
  now: number,
): ReminderVerdict {
  const left = begins - now;
  if (left <= 0) return { due: false, lookAgain: Infinity };
  const [every, ends] = stretchOf(left, begins, cadence);
  const another = ends === begins ? Infinity : ends;
  if (every === undefined) return { due: false, lookAgain: another };
  const next = toldAt === undefined ? now : Math.min(toldAt, now) + every;
  const after = next <= now ? now + every : next;
  return { due: next <= now, lookAgain: after < ends ? after : another };
}

/** How often, undefined: not at all; and until when so. */
function stretchOf(
  left: number,
  begins: number,
  { remindHours, remindHoursLastDay, remindMinutesLastHour }: Cadence,
): readonly [every: number | undefined, ends: number] {
  if (left > DAY) return [remindHours && remindHours * HOUR, begins - DAY];
  if (left > HOUR) return [remindHoursLastDay && remindHoursLastDay * HOUR, begins - HOUR];
  return [remindMinutesLastHour && remindMinutesLastHour * MINUTE, begins];
}
