import { momentSchema, scheduleSchema } from './schedule.js';
import { isAfterSomewhere, isTimeZone, lastInstant, momentInstant } from './zoned-time.js';

describe('a moment', () => {
  it.each(['2026-12-01T01:00', '2026-12-01T01:00:30', '2026-12-01T01:00Z', '2026-12-01T01:00:30.5+02:00'])(
    'may be %s',
    (text) => {
      expect(momentSchema.safeParse(text).success).toBe(true);
      expect(Number.isFinite(momentInstant(text, 'Europe/Berlin'))).toBe(true);
    },
  );

  it.each(['2026-12-01', '01:00', '2026-02-30T01:00', '2026-12-01T25:00', '2026-12-01 01:00', 'tomorrow', 5])(
    'is not %s, and the finding says what would be right',
    (text) => {
      expect(momentSchema.safeParse(text).error?.issues[0]?.message).toMatch(/2026-12-01T01:00Z/);
    },
  );

  it('without an offset is over everywhere when it is over in the last zone', () => {
    expect(lastInstant('2026-12-01T00:00')).toBe(Date.parse('2026-12-01T12:00Z'));
    expect(lastInstant('2026-12-01T00:00Z')).toBe(Date.parse('2026-12-01T00:00Z'));
  });

  it.each([
    ['2026-12-01T00:00', '2026-12-01T00:01', true],
    ['2026-12-01T00:00', '2026-12-01T00:00', false],
    ['2026-12-01T00:00Z', '2026-12-01T00:00', true],
    ['2026-12-01T12:00Z', '2026-12-01T00:00', false],
    ['2026-12-01T00:00', '2026-11-30T10:01Z', true],
    ['2026-12-01T00:00', '2026-11-30T10:00Z', false],
  ])('after %s comes %s for some device: %s', (first, second, expected) => {
    expect(isAfterSomewhere(first, second)).toBe(expected);
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Berlin', 'Etc/GMT+12'])('may be %s', (name) => expect(isTimeZone(name)).toBe(true));
  it.each(['Mars/Phobos', '', '\u001b[2J'])('is not %j', (name) => expect(isTimeZone(name)).toBe(false));
});

describe('a schedule', () => {
  it.each([
    { start: '2026-12-01T01:00', repeat: { every: {} } },
    { start: '2026-12-01T01:00', repeat: { every: { days: 0 } } },
    { start: '2026-12-01T01:00', repeat: { weekly: { on: [] } } },
    { start: '2026-12-01T01:00', repeat: { weekly: { on: ['Someday'] } } },
    { start: '2026-12-01T01:00', repeat: { monthly: { day: 32 } } },
    { start: '2026-12-01T01:00', repeat: { monthly: { day: 1, week: 'first', weekday: 'Monday' } } },
    { start: '2026-12-01T01:00', repeat: { daily: true } },
    { start: '2026-12-01T01:00', utc: true },
  ])('is not %j', (schedule) => expect(scheduleSchema.safeParse(schedule).success).toBe(false));
});
