/** Stores let clocks differ by 15 minutes; what differs less than this has another reason. */
const NOTEWORTHY_SECONDS = 5 * 60;

/**
 * Whether a store refused a presigned address because its clock is not the site's: the address has the moment, by the site's clock,
 * from which it is good, and for how long. Pure.
 *
 * @param date the `Date` of the store's answer
 * @param ageSeconds for how long we have had the address
 * @returns a sentence with the cure; undefined: the clocks agree, or nobody can tell
 */
export function clocksOfRefusal(url: string, date: string | undefined, ageSeconds: number): string | undefined {
  const { searchParams } = new URL(url);
  const signedAt = momentOf(searchParams.get('X-Amz-Date') ?? '');
  const lifeSeconds = Number(searchParams.get('X-Amz-Expires') ?? NaN);
  const seconds = (Date.parse(date ?? '') - signedAt) / 1000;
  const ahead = seconds > lifeSeconds ? seconds - ageSeconds : 0;
  const off = seconds < 0 ? seconds : ahead;
  if (!(Math.abs(off) >= NOTEWORTHY_SECONDS)) return undefined;
  const direction = off > 0 ? 'ahead of' : 'behind';
  return `it refuses the address because of its time: its clock is ${Math.round(Math.abs(off) / 60)} minutes ${direction} the site's. Set both clocks, best by NTP`;
}

/** Milliseconds of `20261127T220000Z`; NaN when it is none. */
function momentOf(text: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
