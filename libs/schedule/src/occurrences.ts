import { Temporal } from 'temporal-polyfill';
import { type Recurrence, type Schedule, WEEKDAYS, type Weekday } from './schedule.js';
import { dateAt, instantOf, type WallTime, wallTime } from './zoned-time.js';

/**
 * When a schedule comes: its start and then as it repeats. All instants are milliseconds since 1970. Every question is answered by
 * counting, not by walking from the start: a schedule that began years ago costs the same as a new one.
 */
interface Occurrences {
  /** Number of the cycle near an instant; may be a little off, and below 0. */
  cycleNear(instant: number): number;
  /** What happens in a cycle, in order, none before the start. Cycles are numbered from 0. */
  inCycle(cycle: number): number[];
  /** Undefined: it goes on for ever. */
  readonly lastCycle: number | undefined;
}

/** Days that a guess of `cycleNear` may be off, in cycles: offsets reach into the next month, zones into the next day. */
const SLACK = 2;

/**
 * The first occurrence after an instant; undefined when there is none.
 * @param timeZone of the device, an IANA name
 */
export function nextOccurrence(schedule: Schedule, after: number, timeZone: string): number | undefined {
  const occurrences = occurrencesOf(schedule, timeZone);
  const { lastCycle = Infinity } = occurrences;
  for (let cycle = firstCycle(occurrences, after); cycle <= lastCycle; cycle += 1) {
    const found = occurrences.inCycle(cycle).find((instant) => instant > after);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The last occurrence at an instant or before it; undefined when it has not begun. */
export function lastOccurrence(schedule: Schedule, at: number, timeZone: string): number | undefined {
  const occurrences = occurrencesOf(schedule, timeZone);
  const { lastCycle = Infinity } = occurrences;
  for (let cycle = Math.min(lastCycle, occurrences.cycleNear(at) + SLACK); cycle >= 0; cycle -= 1) {
    const found = occurrences.inCycle(cycle).findLast((instant) => instant <= at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstCycle(occurrences: Occurrences, after: number): number {
  return Math.max(0, Math.min(occurrences.lastCycle ?? Infinity, occurrences.cycleNear(after) - SLACK));
}

function occurrencesOf({ start, repeat }: Schedule, timeZone: string): Occurrences {
  const wall = wallTime(start, timeZone);
  const first = instantOf(wall.date, wall);
  if (!repeat) return { lastCycle: 0, cycleNear: () => 0, inCycle: () => [first] };
  if ('every' in repeat) return everySoOften(repeat.every, wall, first);
  const calendar = 'weekly' in repeat ? weeks(repeat.weekly, wall) : months(repeat.monthly, wall);
  return {
    lastCycle: undefined,
    cycleNear: (instant) => calendar.cycleNear(dateAt(instant, wall.zone)),
    inCycle: (cycle) =>
      calendar
        .datesIn(cycle)
        .map((date) => instantOf(date, wall))
        .filter((instant) => instant >= first),
  };
}

type Every = Extract<Recurrence, { every: unknown }>['every'];
type Weekly = Extract<Recurrence, { weekly: unknown }>['weekly'];
type Monthly = Extract<Recurrence, { monthly: unknown }>['monthly'];

function everySoOften({ days = 0, hours = 0, minutes = 0 }: Every, wall: WallTime, first: number): Occurrences {
  if (hours === 0 && minutes === 0) {
    return {
      lastCycle: undefined,
      cycleNear: (instant) => Math.floor(wall.date.until(dateAt(instant, wall.zone)).days / days),
      inCycle: (cycle) => [instantOf(wall.date.add({ days: cycle * days }), wall)],
    };
  }
  const period = ((days * 24 + hours) * 60 + minutes) * 60_000;
  return {
    lastCycle: undefined,
    cycleNear: (instant) => Math.floor((instant - first) / period),
    inCycle: (cycle) => [first + cycle * period],
  };
}

/** The days of a calendar on which something happens, cycle by cycle. */
interface Calendar {
  cycleNear(date: Temporal.PlainDate): number;
  datesIn(cycle: number): Temporal.PlainDate[];
}

function weeks({ on, everyWeeks = 1 }: Weekly, { date }: WallTime): Calendar {
  const sunday = date.subtract({ days: date.dayOfWeek % 7 });
  const days = [...new Set(on.map((weekday) => WEEKDAYS.indexOf(weekday)))].sort((a, b) => a - b);
  return {
    cycleNear: (other) => Math.floor(sunday.until(other).days / (7 * everyWeeks)),
    datesIn: (cycle) => days.map((day) => sunday.add({ days: cycle * 7 * everyWeeks + day })),
  };
}

function months(monthly: Monthly, { date }: WallTime): Calendar {
  const { everyMonths = 1 } = monthly;
  // One cycle before the start: days that are counted from its weekday may lie behind the start.
  const firstOfMonth = date.with({ day: 1 }).subtract({ months: everyMonths });
  return {
    cycleNear: (other) =>
      Math.floor(((other.year - firstOfMonth.year) * 12 + other.month - firstOfMonth.month) / everyMonths),
    datesIn: (cycle) => [dayOf(firstOfMonth.add({ months: cycle * everyMonths }), monthly)],
  };
}

function dayOf(firstOfMonth: Temporal.PlainDate, monthly: Monthly): Temporal.PlainDate {
  if ('day' in monthly) {
    // A day that the month does not have becomes its last one.
    return firstOfMonth.with({ day: monthly.day === 'last' ? 31 : monthly.day }, { overflow: 'constrain' });
  }
  const { week, weekday, offsetDays = 0 } = monthly;
  return nthWeekday(firstOfMonth, week, weekday).add({ days: offsetDays });
}

function nthWeekday(
  firstOfMonth: Temporal.PlainDate,
  week: 'first' | 'second' | 'third' | 'fourth' | 'last',
  weekday: Weekday,
): Temporal.PlainDate {
  const wanted = WEEKDAYS.indexOf(weekday);
  if (week === 'last') {
    const last = firstOfMonth.with({ day: firstOfMonth.daysInMonth });
    return last.subtract({ days: (last.dayOfWeek - wanted + 7) % 7 });
  }
  const before = (wanted - firstOfMonth.dayOfWeek + 7) % 7;
  return firstOfMonth.add({ days: before + 7 * ['first', 'second', 'third', 'fourth'].indexOf(week) });
}
