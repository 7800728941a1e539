import type { DeviceWindows } from '@muster/contracts/kinds/device-windows.js';
import { safeLine } from './safe-text.js';

type Span = DeviceWindows['starts'][number]['span'];

/** When a run may begin on a device, with the arithmetic, for people: all times by the clock of the device. */
export function windowLines(told: DeviceWindows): string[] {
  const { device, timeZone, timeZoneKnown, minutes, restricted, windows, starts, tooShort } = told;
  const clock = clockOf(timeZone);
  const zone = timeZoneKnown ? timeZone : `${timeZone}, for the device has told no time zone that the site knows`;
  const span = ({ start, end, minutes: length, windows: made }: Span): string =>
    `${clock(start)} to ${clock(end)}, ${length} min (${made.map((one) => `${one.collection}/${one.name}`).join(' + ')})`;
  const need = minutes === 0 ? 'a run without a limit' : `a run of ${minutes} min`;
  return [
    `${device}, time zone ${zone}`,
    ...windows.map(
      ({ collection, name, counts, reason }) => `  ${counts ? '✓' : '·'} ${collection}/${name}: ${reason}`,
    ),
    ...(restricted
      ? starts.length > 0
        ? [`${need} may begin:`]
        : [`${need} never fits: no window that is to come is long enough`]
      : [`no window rules task sequences on it: ${need} may begin at any time`]),
    ...starts.map(
      (one) => `  ${clock(one.from)} until ${clock(one.until)}   in ${span(one.span)}${remaining(one, minutes)}`,
    ),
    ...(tooShort.length > 0 ? ['too short for it:', ...tooShort.map((one) => `  ${span(one)}`)] : []),
  ].map(safeLine);
}

/** The arithmetic of a span that is open already. */
function remaining({ from, span }: DeviceWindows['starts'][number], minutes: number): string {
  if (from === span.start) return '';
  const left = Math.floor((Date.parse(span.end) - Date.parse(from)) / 60_000);
  return `: open now, ${left} min left${minutes === 0 ? '' : `, ${minutes} needed`}`;
}

/** `Sat 2026-11-28 01:00` by the clock of a zone. */
function clockOf(timeZone: string): (instant: string) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(Date.parse(instant)).map(({ type, value }) => [type, value]));
    return `${parts['weekday']} ${parts['year']}-${parts['month']}-${parts['day']} ${parts['hour']}:${parts['minute']}`;
  };
}
