import type { MaintenanceWindow } from './maintenance-window.js';
import { nextOccurrence } from './occurrences.js';

const MINUTE = 60_000;
/** Windows that follow each other without a gap for so long are told as one span that long. */
const LONGEST_SPAN = 31 * 24 * 60 * MINUTE;

/** Times of windows that are looked at, at most: windows that come every minute must not take all day. */
const MOST_TIMES = 20_000;

/** Windows of a device that overlap or touch, as one (collections-variables.md MW-07). Milliseconds since 1970. */
export interface WindowSpan<Window extends MaintenanceWindow = MaintenanceWindow> {
  readonly start: number;
  /** Not in it any more. */
  readonly end: number;
  /** What it is made of, in the order of their starts. */
  readonly windows: readonly Window[];
}

/**
 * The spans of these windows that are not over at an instant, the earliest first, made of their next MOST_TIMES times.
 * @param timeZone of the device, an IANA name
 */
export function* windowSpans<Window extends MaintenanceWindow>(
  windows: readonly Window[],
  from: number,
  timeZone: string,
): Generator<WindowSpan<Window>> {
  // What began at most a window's length ago is not over.
  const coming = windows.flatMap((window) => {
    const start = nextOccurrence(window.schedule, from - window.durationMinutes * MINUTE, timeZone);
    return start === undefined ? [] : [{ window, start }];
  });
  let left = MOST_TIMES;
  while (coming.length > 0 && left > 0) {
    left -= 1;
    const first = takeEarliest(coming, timeZone);
    const found = [first.window];
    let end = first.start + first.window.durationMinutes * MINUTE;
    while (end - first.start < LONGEST_SPAN && left > 0) {
      const next = earliest(coming);
      if (next === undefined || next.start > end) break;
      takeEarliest(coming, timeZone);
      left -= 1;
      if (!found.includes(next.window)) found.push(next.window);
      end = Math.max(end, next.start + next.window.durationMinutes * MINUTE);
    }
    yield { start: first.start, end, windows: found };
  }
}

interface Coming<Window> {
  readonly window: Window;
  readonly start: number;
}

function earliest<Window>(coming: readonly Coming<Window>[]): Coming<Window> | undefined {
  return coming.reduce<Coming<Window> | undefined>(
    (best, one) => (best === undefined || one.start < best.start ? one : best),
    undefined,
  );
}

/** Removes the earliest and puts its next time in its place. */
function takeEarliest<Window extends MaintenanceWindow>(coming: Coming<Window>[], timeZone: string): Coming<Window> {
  const taken = earliest(coming);
  if (!taken) throw new RangeError('there is no window left');
  const index = coming.indexOf(taken);
  const start = nextOccurrence(taken.window.schedule, taken.start, timeZone);
  if (start === undefined) coming.splice(index, 1);
  else coming[index] = { window: taken.window, start };
  return taken;
}

/** A time in which a run may begin. */
export interface StartInterval<Window extends MaintenanceWindow = MaintenanceWindow> {
  /** The first instant at which it may begin. */
  readonly from: number;
  /** The last one at which it still fits. */
  readonly until: number;
  readonly span: WindowSpan<Window>;
}

/** How far ahead a start is looked for. */
export const HORIZON_DAYS = 400;

/**
 * When a run that takes so many minutes may begin, the earliest first: it must fit into what is left of a span (MW-10). 0 minutes,
 * which is no limit, need only begin in it.
 *
 * @param most intervals at most
 * @returns fewer than `most` when no more come within HORIZON_DAYS days, or MOST_TIMES times of the windows
 */
export function nextStarts<Window extends MaintenanceWindow>(
  windows: readonly Window[],
  now: number,
  minutes: number,
  { timeZone, most }: { timeZone: string; most: number },
): StartInterval<Window>[] {
  const found: StartInterval<Window>[] = [];
  const horizon = now + HORIZON_DAYS * 24 * 60 * MINUTE;
  for (const span of windowSpans(windows, now, timeZone)) {
    if (span.start > horizon || found.length >= most) break;
    const from = Math.max(now, span.start);
    // At the very end of a window nothing can begin any more.
    const until = minutes === 0 ? span.end - 1 : span.end - minutes * MINUTE;
    if (from <= until) found.push({ from, until, span });
  }
  return found;
}
