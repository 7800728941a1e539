import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { lastOccurrence, nextOccurrence } from './occurrences.js';
import { type Schedule, WEEKDAYS } from './schedule.js';
import { momentInstant } from './zoned-time.js';

const at = (text: string): number => Date.parse(text);
const text = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString();
/** The next ones, each after the one before. */
function coming(schedule: Schedule, after: string, timeZone: string, count = 3): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  let from: number | undefined = at(after);
  for (let index = 0; index < count && from !== undefined; index += 1) {
    from = nextOccurrence(schedule, from, timeZone);
    found.push(text(from));
  }
  return found;
}

describe('a schedule', () => {
  it('that does not repeat comes once, at the wall clock of the device', () => {
    const once: Schedule = { start: '2026-12-01T01:00' };
    expect(coming(once, '2026-11-01T00:00Z', 'Europe/Berlin')).toEqual(['2026-12-01T00:00:00.000Z', undefined]);
    expect(coming(once, '2026-11-01T00:00Z', 'America/New_York', 1)).toEqual(['2026-12-01T06:00:00.000Z']);
  });

  it('with Z or an offset comes at one instant everywhere', () => {
    for (const start of ['2026-12-01T01:00Z', '2026-12-01T03:00+02:00']) {
      expect(coming({ start }, '2026-11-01T00:00Z', 'Asia/Tokyo', 1)).toEqual(['2026-12-01T01:00:00.000Z']);
    }
  });

  it('of whole days keeps its time of day when the clocks change', () => {
    expect(
      coming({ start: '2026-03-27T12:00', repeat: { every: { days: 1 } } }, '2026-03-28T00:00Z', 'Europe/Berlin'),
    ).toEqual(['2026-03-28T11:00:00.000Z', '2026-03-29T10:00:00.000Z', '2026-03-30T10:00:00.000Z']);
  });

  it('in UTC does not know of clocks that change', () => {
    expect(
      coming({ start: '2026-03-27T12:00Z', repeat: { every: { days: 1 } } }, '2026-03-28T13:00Z', 'Europe/Berlin', 2),
    ).toEqual(['2026-03-29T12:00:00.000Z', '2026-03-30T12:00:00.000Z']);
  });

  it('of hours counts elapsed time', () => {
    expect(
      coming({ start: '2026-03-29T00:00', repeat: { every: { hours: 6 } } }, '2026-03-28T22:00Z', 'Europe/Berlin'),
    ).toEqual(['2026-03-28T23:00:00.000Z', '2026-03-29T05:00:00.000Z', '2026-03-29T11:00:00.000Z']);
  });

  it('comes later when the clocks leave its time out, and once when they show it twice', () => {
    const daily: Schedule = { start: '2026-01-01T02:30', repeat: { every: { days: 1 } } };
    expect(coming(daily, '2026-03-28T12:00Z', 'Europe/Berlin', 2)).toEqual([
      '2026-03-29T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(coming(daily, '2026-10-24T12:00Z', 'Europe/Berlin', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('of several weekdays and every second week begins its weeks on Sunday', () => {
    // 2026-12-02 is a Wednesday.
    const schedule: Schedule = {
      start: '2026-12-02T08:00Z',
      repeat: { weekly: { on: ['Sunday', 'Friday'], everyWeeks: 2 } },
    };
    expect(coming(schedule, '2026-11-01T00:00Z', 'UTC', 4)).toEqual([
      '2026-12-04T08:00:00.000Z',
      '2026-12-13T08:00:00.000Z',
      '2026-12-18T08:00:00.000Z',
      '2026-12-27T08:00:00.000Z',
    ]);
  });

  it('of day 31 comes on the last day of shorter months', () => {
    expect(
      coming({ start: '2026-01-31T08:00Z', repeat: { monthly: { day: 31 } } }, '2026-01-31T09:00Z', 'UTC', 3),
    ).toEqual(['2026-02-28T08:00:00.000Z', '2026-03-31T08:00:00.000Z', '2026-04-30T08:00:00.000Z']);
  });

  it('knows the last day of a February that is longer', () => {
    expect(
      coming({ start: '2027-12-01T08:00Z', repeat: { monthly: { day: 'last' } } }, '2028-02-01T00:00Z', 'UTC', 1),
    ).toEqual(['2028-02-29T08:00:00.000Z']);
  });

  it('of the second Tuesday and three days comes on Friday, also in the next month', () => {
    const patchFriday: Schedule = {
      start: '2026-12-01T20:00Z',
      repeat: { monthly: { week: 'second', weekday: 'Tuesday', offsetDays: 3 } },
    };
    expect(coming(patchFriday, '2026-12-01T00:00Z', 'UTC', 2)).toEqual([
      '2026-12-11T20:00:00.000Z',
      '2027-01-15T20:00:00.000Z',
    ]);
    const across: Schedule = {
      start: '2026-11-01T20:00Z',
      repeat: { monthly: { week: 'last', weekday: 'Monday', offsetDays: 2 } },
    };
    expect(coming(across, '2026-11-01T00:00Z', 'UTC', 2)).toEqual([
      '2026-12-02T20:00:00.000Z',
      '2026-12-30T20:00:00.000Z',
    ]);
  });

  it('comes soon after its start when the days are counted from a weekday before it', () => {
    const schedule: Schedule = {
      start: '2026-10-05T01:30Z',
      repeat: { monthly: { week: 'last', weekday: 'Tuesday', offsetDays: 8 } },
    };
    expect(coming(schedule, '2026-10-05T00:00Z', 'UTC', 2)).toEqual([
      '2026-10-07T01:30:00.000Z',
      '2026-11-04T01:30:00.000Z',
    ]);
  });

  it('has no last time before its start', () => {
    expect(lastOccurrence({ start: '2026-12-01T01:00Z' }, at('2026-12-01T00:59Z'), 'UTC')).toBeUndefined();
    expect(text(lastOccurrence({ start: '2026-12-01T01:00Z' }, at('2026-12-01T01:00Z'), 'UTC'))).toBe(
      '2026-12-01T01:00:00.000Z',
    );
  });

  it('that began a hundred years ago costs what a new one does', () => {
    const old: Schedule = { start: '1926-01-01T00:00', repeat: { every: { minutes: 1 } } };
    expect(text(nextOccurrence(old, at('2026-11-26T10:00:30Z'), 'UTC'))).toBe('2026-11-26T10:01:00.000Z');
  });
});

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns'];
const two = (value: number): string => String(value).padStart(2, '0');
const start = fc
  .tuple(fc.integer({ min: 2020, max: 2026 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .chain(([year, month, day]) =>
    fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.constantFrom('', 'Z', '-05:00'))
      .map(([hour, minute, zone]) => `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}${zone}`),
  );
const everyMonths = fc.integer({ min: 1, max: 12 });
const schedule: fc.Arbitrary<Schedule> = fc.record({
  start,
  repeat: fc.oneof(
    fc.record({ days: fc.integer({ min: 1, max: 31 }) }).map((every) => ({ every })),
    fc
      .record({ days: fc.integer({ min: 0, max: 3 }), hours: fc.integer({ min: 1, max: 23 }) })
      .map((every) => ({ every })),
    fc
      .record({
        on: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }),
        everyWeeks: fc.integer({ min: 1, max: 4 }),
      })
      .map((weekly) => ({ weekly })),
    fc
      .record({ day: fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constant('last' as const)), everyMonths })
      .map((monthly) => ({ monthly })),
    fc
      .record({
        week: fc.constantFrom(
          'first' as const,
          'second' as const,
          'third' as const,
          'fourth' as const,
          'last' as const,
        ),
        weekday: fc.constantFrom(...WEEKDAYS),
        offsetDays: fc.integer({ min: 0, max: 14 }),
        everyMonths,
      })
      .map((monthly) => ({ monthly })),
  ),
});
const instant = fc.integer({ min: at('2019-01-01T00:00Z'), max: at('2031-01-01T00:00Z') });

describe('any schedule', () => {
  it('has no occurrence between the last one and the next one, and agrees with itself', () => {
    fc.assert(
      fc.property(schedule, instant, fc.constantFrom(...zones), (one, now, zone) => {
        const last = lastOccurrence(one, now, zone);
        const next = nextOccurrence(one, now, zone);
        expect(next).toBeDefined();
        expect(next ?? 0).toBeGreaterThan(now);
        expect(lastOccurrence(one, (next ?? 0) - 1, zone)).toBe(last);
        if (last === undefined) return expect(next).toBe(firstOf(one, zone));
        expect(last).toBeLessThanOrEqual(now);
        return expect(nextOccurrence(one, last, zone)).toBe(next);
      }),
      { numRuns: 500 },
    );
  });

  it('of days, weeks or months comes on the days that a calendar walked day by day says', () => {
    fc.assert(
      fc.property(
        schedule.filter(({ repeat }) => !(repeat && 'every' in repeat)),
        fc.integer({ min: 0, max: 900 }),
        fc.constantFrom(...zones),
        (one, days, zone) => {
          const began = momentInstant(one.start, zone);
          const from = began + days * 86_400_000;
          const next = nextOccurrence(one, from, zone);
          expect(text(next)).toBe(text(walk(one, from, zone)));
        },
      ),
      { numRuns: 200 },
    );
  });
});

function firstOf(one: Schedule, zone: string): number | undefined {
  return nextOccurrence(one, momentInstant(one.start, zone) - 1, zone);
}

/** The first day after an instant of which the schedule's words are true, by looking at every day. */
function walk({ start: moment, repeat }: Schedule, after: number, zone: string): number | undefined {
  const own = /(?:Z|[+-]\d\d:\d\d)$/.test(moment) ? 'UTC' : zone;
  const began = Temporal.Instant.fromEpochMilliseconds(momentInstant(moment, zone)).toZonedDateTimeISO(own);
  const plain = own === 'UTC' ? began.toPlainDateTime() : Temporal.PlainDateTime.from(moment);
  for (let day = plain.toPlainDate(), count = 0; count < 3000; day = day.add({ days: 1 }), count += 1) {
    if (!repeat || 'every' in repeat || !falls(day, plain.toPlainDate(), repeat)) continue;
    const instant = day.toZonedDateTime({ timeZone: own, plainTime: plain.toPlainTime() }).epochMilliseconds;
    if (instant > after) return instant;
  }
  return undefined;
}

function falls(
  day: Temporal.PlainDate,
  began: Temporal.PlainDate,
  repeat: Exclude<NonNullable<Schedule['repeat']>, { every: unknown }>,
): boolean {
  if ('weekly' in repeat) {
    const { on, everyWeeks = 1 } = repeat.weekly;
    const sunday = (date: Temporal.PlainDate) => date.subtract({ days: date.dayOfWeek % 7 });
    const weeks = sunday(began).until(sunday(day)).days / 7;
    return weeks % everyWeeks === 0 && on.some((weekday) => WEEKDAYS.indexOf(weekday) === day.dayOfWeek % 7);
  }
  const { monthly } = repeat;
  const inStep = (date: Temporal.PlainDate) =>
    ((date.year - began.year) * 12 + date.month - began.month) % (monthly.everyMonths ?? 1) === 0;
  if ('day' in monthly) {
    const wanted = monthly.day === 'last' ? day.daysInMonth : Math.min(monthly.day, day.daysInMonth);
    return inStep(day) && day.day === wanted;
  }
  const base = day.subtract({ days: monthly.offsetDays ?? 0 });
  if (!inStep(base) || base.dayOfWeek % 7 !== WEEKDAYS.indexOf(monthly.weekday)) return false;
  if (monthly.week === 'last') return base.day + 7 > base.daysInMonth;
  return Math.ceil(base.day / 7) === ['first', 'second', 'third', 'fourth'].indexOf(monthly.week) + 1;
}
