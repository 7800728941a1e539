import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockTime } from './clock-time.js';
import { minutesOf, putOffLines } from './snooze-output.js';
import { snoozedUntil, Snoozes } from './snoozes.js';

const uid = '0193e7a0-0000-7000-8000-0000000000d1';
const minutes = (count: number): number => count * 60_000;
const snooze = { at: minutes(0), first: minutes(10), until: minutes(60) };

describe('what people put off', () => {
  it('is durable, and a note that is damaged is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-snoozes-'));
    try {
      const snoozes = new Snoozes(folder);
      snoozes.note(uid, snooze);
      expect(new Snoozes(folder).of(uid)).toEqual(snooze);
      writeFileSync(join(folder, uid), '{"at":');
      expect(snoozes.of(uid)).toBeUndefined();
      snoozes.note(uid, snooze);
      snoozes.keepOnly(new Set());
      expect(snoozes.of(uid)).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('counts as long and as far as the site lets people', () => {
    const until = (settings: Parameters<typeof snoozedUntil>[1], now = minutes(5), since?: number) =>
      snoozedUntil(snooze, settings, { now, since });
    expect(until({ snoozeMinutes: 240 })).toBe(minutes(60));
    expect(until({ snoozeMinutes: 20 })).toBe(minutes(30));
    expect(until({})).toBeUndefined();
    expect(until({ snoozeMinutes: 240, usersMayStart: false })).toBeUndefined();
    expect(until({ snoozeMinutes: 240 }, minutes(-1))).toBeUndefined();
    expect(until({ snoozeMinutes: 240 }, minutes(5), minutes(1))).toBeUndefined();
    expect(snoozedUntil(undefined, { snoozeMinutes: 240 }, { now: 0 })).toBeUndefined();
  });

  it('is said in minutes or hours, and told with what is left', () => {
    expect([minutesOf('45m'), minutesOf('2h')]).toEqual([45, 120]);
    for (const wrong of ['45', '0m', '-5m', '1d', '', '1h30m']) expect(() => minutesOf(wrong)).toThrow('is no time');
    const until = Date.parse('2026-11-26T12:00Z');
    expect(putOffLines({ deployment: 'd', what: 'start', until, latest: until + minutes(20) })).toEqual([
      'd starts at 2026-11-26T12:00:00.000Z, and may be put off by 20 min more',
    ]);
    expect(putOffLines({ deployment: 'd', what: 'restart', until, latest: until })).toEqual([
      'this computer restarts for d at 2026-11-26T12:00:00.000Z, and is put off no further',
    ]);
  });
});

describe('a time that people are told', () => {
  it('has its date when it is not today', () => {
    const noon = new Date(2026, 10, 26, 12, 5).getTime();
    expect(clockTime(noon, noon - minutes(60))).toBe('12:05');
    expect(clockTime(noon, noon - minutes(24 * 60))).toBe('2026-11-26 12:05');
  });
});
