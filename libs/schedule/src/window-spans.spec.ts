import * as fc from 'fast-check';
import { type MaintenanceWindow, windowsForSequences } from './maintenance-window.js';
import { nextStarts, windowSpans } from './window-spans.js';

const minute = 60_000;
const at = (text: string): number => Date.parse(text);
const text = (instant: number): string => new Date(instant).toISOString().slice(0, 16);
const window = (name: string, start: string, durationMinutes: number, more = {}): MaintenanceWindow => ({
  name,
  schedule: { start, repeat: { every: { days: 1 } } },
  durationMinutes,
  ...more,
});
function spans(windows: MaintenanceWindow[], from: string, count = 2, zone = 'UTC'): string[] {
  const found: string[] = [];
  for (const { start, end, windows: made } of windowSpans(windows, at(from), zone)) {
    found.push(`${text(start)} ${text(end)} ${made.map(({ name }) => name).join('+')}`);
    if (found.length === count) break;
  }
  return found;
}

describe('the windows of a device', () => {
  it('that overlap are one: 06:00 to 07:00 and 06:30 to 07:30 give 90 minutes', () => {
    expect(
      spans([window('b', '2026-01-01T06:30Z', 60), window('a', '2026-01-01T06:00Z', 60)], '2026-11-26T00:00Z', 1),
    ).toEqual(['2026-11-26T06:00 2026-11-26T07:30 a+b']);
  });

  it('that touch are one, and those that do not are two', () => {
    const [first, touching, apart] = [
      window('a', '2026-01-01T06:00Z', 60),
      window('b', '2026-01-01T07:00Z', 60),
      window('c', '2026-01-01T08:01Z', 60),
    ];
    expect(spans([first, touching, apart], '2026-11-26T00:00Z')).toEqual([
      '2026-11-26T06:00 2026-11-26T08:00 a+b',
      '2026-11-26T08:01 2026-11-26T09:01 c',
    ]);
  });

  it('is open from before: a span that began yesterday is told until it is over', () => {
    expect(spans([window('night', '2026-01-01T22:00Z', 480)], '2026-11-26T05:59Z', 1)).toEqual([
      '2026-11-25T22:00 2026-11-26T06:00 night',
    ]);
    expect(spans([window('night', '2026-01-01T22:00Z', 480)], '2026-11-26T06:00Z', 1)).toEqual([
      '2026-11-26T22:00 2026-11-27T06:00 night',
    ]);
  });

  it('last their minutes also in the night in which the clocks change', () => {
    expect(spans([window('night', '2026-01-01T01:00', 180)], '2026-03-28T23:00Z', 1, 'Europe/Berlin')).toEqual([
      '2026-03-29T00:00 2026-03-29T03:00 night',
    ]);
  });

  it('that never stop are told as a span of 31 days, again and again', () => {
    expect(spans([window('always', '2026-01-01T00:00Z', 1440)], '2026-11-26T12:00Z')).toEqual([
      '2026-11-26T00:00 2026-12-27T00:00 always',
      '2026-12-27T00:00 2027-01-27T00:00 always',
    ]);
  });
});

describe('which windows rule the runs of sequences', () => {
  const names = (windows: MaintenanceWindow[]): string[] | undefined =>
    windowsForSequences(windows)?.map(({ name }) => name);

  it.each<[string, MaintenanceWindow[], string[] | undefined]>([
    ['none restrict when there are none', [], undefined],
    [
      'those for all deployments',
      [window('a', '2026-01-01T00:00Z', 60), window('b', '2026-01-01T00:00Z', 60, { for: 'AllDeployments' })],
      ['a', 'b'],
    ],
    [
      'only those for sequences where there is one',
      [window('a', '2026-01-01T00:00Z', 60), window('s', '2026-01-01T00:00Z', 60, { for: 'TaskSequences' })],
      ['s'],
    ],
    [
      'none when all are for software updates',
      [window('u', '2026-01-01T00:00Z', 60, { for: 'SoftwareUpdates' })],
      undefined,
    ],
    [
      'not one that is disabled',
      [
        window('a', '2026-01-01T00:00Z', 60),
        window('s', '2026-01-01T00:00Z', 60, { for: 'TaskSequences', enabled: false }),
      ],
      ['a'],
    ],
  ])('%s', (_, windows, expected) => expect(names(windows)).toEqual(expected));
});

describe('when a run fits', () => {
  const nights = [window('night', '2026-01-01T01:00Z', 180)];
  const starts = (now: string, minutes: number): string[] =>
    nextStarts(nights, at(now), minutes, { timeZone: 'UTC', most: 2 }).map(
      ({ from, until }) => `${text(from)} ${text(until)}`,
    );

  it('is while what is left of the window is long enough', () => {
    expect(starts('2026-11-26T00:00Z', 120)).toEqual([
      '2026-11-26T01:00 2026-11-26T02:00',
      '2026-11-27T01:00 2026-11-27T02:00',
    ]);
    expect(starts('2026-11-26T02:00Z', 120)[0]).toBe('2026-11-26T02:00 2026-11-26T02:00');
    expect(starts('2026-11-26T02:01Z', 120)[0]).toBe('2026-11-27T01:00 2026-11-27T02:00');
  });

  it('is never for a run that is longer than every window', () => {
    expect(starts('2026-11-26T00:00Z', 181)).toEqual([]);
  });

  it('is anywhere inside for a run without a limit', () => {
    expect(starts('2026-11-26T03:59Z', 0)[0]).toBe('2026-11-26T03:59 2026-11-26T03:59');
    expect(starts('2026-11-26T04:00Z', 0)[0]).toBe('2026-11-27T01:00 2026-11-27T03:59');
  });

  it('is looked for in so many windows and no more, however often they come', () => {
    const often = Array.from({ length: 3 }, (_, index) => ({
      ...window(String(index), '2026-01-01T00:00', 5),
      schedule: { start: '2026-01-01T00:00', repeat: { every: { minutes: 7 } } },
    }));
    const started = performance.now();
    expect(nextStarts(often, at('2026-11-26T00:00Z'), 60, { timeZone: 'Europe/Berlin', most: 1 })).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect([...windowSpans(often, at('2026-11-26T00:00Z'), 'Europe/Berlin')].length).toBeLessThanOrEqual(20_000);
  });

  it('agrees with asking every minute whether one of the windows is open', () => {
    const any = fc.record({
      hour: fc.integer({ min: 0, max: 23 }),
      every: fc.integer({ min: 1, max: 3 }),
      durationMinutes: fc.integer({ min: 5, max: 1440 }),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 2000 }), (made, offset) => {
        const began = at('2026-03-20T00:00Z');
        const windows = made.map(({ hour, every, durationMinutes }, index) => ({
          name: String(index),
          schedule: { start: `2026-03-20T${String(hour).padStart(2, '0')}:00Z`, repeat: { every: { days: every } } },
          durationMinutes,
        }));
        const now = began + offset * minute;
        const open = (instant: number): boolean =>
          made.some(({ hour, every, durationMinutes }) => {
            const since = instant - began - hour * 60 * minute;
            return since >= 0 && since % (every * 1440 * minute) < durationMinutes * minute;
          });
        const overlaps = made.some(({ every, durationMinutes }) => durationMinutes > every * 1440);
        fc.pre(!overlaps);
        const [span] = windowSpans(windows, now, 'UTC');
        if (!span) throw new Error('windows that repeat have a next span');
        expect(open(now)).toBe(span.start <= now);
        expect(open(span.start) && open(span.end - minute)).toBe(true);
        if (span.end - span.start < 31 * 1440 * minute) expect(open(span.end)).toBe(false);
        for (let instant = now; instant < span.start; instant += minute) expect(open(instant)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
