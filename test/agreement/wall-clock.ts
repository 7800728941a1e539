/**
 * Clocks of time zones for the reference: what `Intl` says of some years, and RFC 5545 for the hours that do not exist or come
 * twice. Nothing of libs/schedule is used.
 */
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const [FIRST, LAST] = [Date.UTC(2025, 0, 1), Date.UTC(2030, 0, 1)];

/** A zone as the instants at which its offset from UTC changes. */
interface Zone {
  readonly instants: readonly number[];
  readonly offsets: readonly number[];
}

const zones = new Map<string, Zone>();

/** Milliseconds that clocks of a zone are ahead of UTC at an instant. */
export function offsetAt(instant: number, timeZone: string): number {
  const { instants, offsets } = zoneOf(timeZone);
  let index = instants.length - 1;
  while (index > 0 && (instants[index] ?? 0) > instant) index -= 1;
  return offsets[index] ?? 0;
}

/**
 * The instant at which a clock in a zone says this, given as if it were in UTC. What comes twice is the first; what is left out is so much
 * later, as if the clock had not been changed.
 */
export function instantAt(wall: number, timeZone: string): number {
  const before = offsetAt(wall - DAY, timeZone);
  const after = offsetAt(wall + DAY, timeZone);
  const found = [before, after].map((offset) => wall - offset).filter((one) => one + offsetAt(one, timeZone) === wall);
  return found.length > 0 ? Math.min(...found) : wall - before;
}

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known) return known;
  const [instants, offsets]: [number[], number[]] = [[], []];
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const ask = (instant: number): number => {
    const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute) - instant;
  };
  for (let day = FIRST; day < LAST; day += DAY) {
    const offset = ask(day);
    if (offset === offsets.at(-1)) continue;
    // The quarter of an hour in which it changed since the day before; none of these zones changes twice in a day.
    const quarters = day === FIRST ? [] : Array.from({ length: 96 }, (_, index) => day - (index + 1) * (HOUR / 4));
    const before = quarters.find((quarter) => ask(quarter) !== offset);
    instants.push(before === undefined ? day : before + HOUR / 4);
    offsets.push(offset);
  }
  const zone = { instants, offsets };
  zones.set(timeZone, zone);
  return zone;
}
