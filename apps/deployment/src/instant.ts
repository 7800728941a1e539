const YEAR_10000 = 253_402_300_800_000;

/** A time that another computer wrote, in UTC; undefined when it is none. Its clock may be wrong, its text too. */
export function toInstant(text: string): string | undefined {
  const milliseconds = Date.parse(text);
  return milliseconds >= 0 && milliseconds < YEAR_10000 ? new Date(milliseconds).toISOString() : undefined;
}
