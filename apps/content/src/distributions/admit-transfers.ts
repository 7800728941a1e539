import type { DistributionPointSpec, TransferWindow } from '@muster/contracts/kinds/distribution-point.js';

/** Versions at the same time to a point that says nothing else. */
const USUAL_CONCURRENCY = 2;
const BITS = { high: 1, medium: 2, low: 4 } as const;
const EVERYTHING = BITS.high | BITS.medium | BITS.low;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const DAY_MINUTES = 24 * 60;

/** What a point takes at a moment: how many transfers, and a bit for each priority (1 high, 2 medium, 4 low). Pure. */
export function admitTransfers(
  spec: Pick<DistributionPointSpec, 'transfers' | 'maintenance'>,
  now: Date,
): { concurrency: number; priorities: number } {
  const { concurrency = USUAL_CONCURRENCY, schedule = [], timeZone = 'UTC' } = spec.transfers ?? {};
  if (spec.maintenance) return { concurrency, priorities: 0 };
  const at = schedule.length > 0 ? minuteOfWeek(now, timeZone) : 0;
  const window = schedule.find((one) => contains(one, at));
  return {
    concurrency,
    priorities: window ? window.priorities.reduce((bits, priority) => bits | BITS[priority], 0) : EVERYTHING,
  };
}

/**
 * Why a point takes nothing of a priority at a moment, for people; undefined: it does. Pure.
 *
 * @param priority 0 high, 1 medium, 2 low
 */
export function reasonToWait(
  spec: Pick<DistributionPointSpec, 'transfers' | 'maintenance'>,
  priority: number,
  now: Date,
): string | undefined {
  if (spec.maintenance) return 'the point is in maintenance';
  const { priorities } = admitTransfers(spec, now);
  if ((priorities & (1 << priority)) !== 0) return undefined;
  const travelling = Object.entries(BITS).flatMap(([name, bit]) => ((priorities & bit) === 0 ? [] : [name]));
  const what = travelling.length === 0 ? 'nothing' : `only ${travelling.join(' and ')} priority`;
  return `the schedule of the point lets ${what} travel now`;
}

/** @param at minutes since Monday 00:00 */
function contains({ days = [...WEEKDAYS], from, to }: TransferWindow, at: number): boolean {
  const begin = minutes(from);
  const length = (minutes(to) - begin + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  return days.some((day) => {
    const start = WEEKDAYS.indexOf(day) * DAY_MINUTES + begin;
    return (at - start + 7 * DAY_MINUTES) % (7 * DAY_MINUTES) < length;
  });
}

function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function minuteOfWeek(now: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  const day = (WEEKDAYS as readonly string[]).indexOf(part('weekday').toLowerCase());
  return day * DAY_MINUTES + Number(part('hour')) * 60 + Number(part('minute'));
}
