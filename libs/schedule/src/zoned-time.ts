import { Temporal } from 'temporal-polyfill';

/** What a moment says on its own: a date, a time of day, and the zone it binds itself to. */
export interface WallTime {
  readonly date: Temporal.PlainDate;
  readonly time: Temporal.PlainTime;
  readonly zone: string;
}

const withOffset = /(?:Z|[+-]\d{2}:?\d{2})$/i;

/** True for a moment that is the same instant everywhere. */
export function isInstant(moment: string): boolean {
  return withOffset.test(moment);
}

/**
 * A moment as date, time of day and zone: with an offset it is read as UTC, so that it comes again in UTC.
 * @param timeZone of the device, an IANA name
 */
export function wallTime(moment: string, timeZone: string): WallTime {
  const zone = isInstant(moment) ? 'UTC' : timeZone;
  const local = isInstant(moment)
    ? Temporal.Instant.from(moment).toZonedDateTimeISO('UTC').toPlainDateTime()
    : Temporal.PlainDateTime.from(moment);
  return { date: local.toPlainDate(), time: local.toPlainTime(), zone };
}

/**
 * The instant at which a clock in a zone says this, in milliseconds since 1970. A time that a change of the clocks leaves out is so
 * much later; of one that comes twice it is the first (RFC 5545 section 3.3.5, "compatible" in Temporal).
 */
export function instantOf(date: Temporal.PlainDate, { time, zone }: Pick<WallTime, 'time' | 'zone'>): number {
  return date.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds;
}

/** The instant of a moment for a device, in milliseconds since 1970. */
export function momentInstant(moment: string, timeZone: string): number {
  const wall = wallTime(moment, timeZone);
  return instantOf(wall.date, wall);
}

/** Names that the system has said to be time zones: to ask it costs more than a decision. */
const knownZones = new Set<string>();

/** Is it a time zone that this system knows? Devices tell theirs, and may tell anything. */
export function isTimeZone(name: string): boolean {
  if (knownZones.has(name)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0);
  } catch {
    return false;
  }
  knownZones.add(name);
  return true;
}

/** The date on the calendar of a zone. */
export function dateAt(instant: number, zone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDate();
}

/**
 * The last instant at which it is a moment anywhere, in milliseconds since 1970: who does not know the zones of devices waits so long
 * before saying that it is over for all.
 */
export function lastInstant(moment: string): number {
  return momentInstant(moment, 'Etc/GMT+12');
}

/** Is the second moment after the first for some device at least? */
export function isAfterSomewhere(first: string, second: string): boolean {
  if (isInstant(first) === isInstant(second)) return momentInstant(second, 'UTC') > momentInstant(first, 'UTC');
  return lastInstant(second) > momentInstant(first, 'Etc/GMT-14');
}
