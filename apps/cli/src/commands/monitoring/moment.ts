import { InvalidArgumentError } from 'commander';

const SECONDS = { m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
const WHAT_IS_RIGHT = 'a time such as 2026-12-01T22:00Z or 2026-12-01T22:00+01:00, or a span such as 30m, 2h, 7d or 1w';

/**
 * The moment that people mean by a time with an offset, or by a span before or after now.
 *
 * @param towards -1: a span leads into the past, 1: into the future
 * @throws InvalidArgumentError for anything else
 */
export function parseMoment(text: string, towards: 1 | -1, now: Date): string {
  const span = /^(\d{1,5})([mhdw])$/.exec(text);
  if (span) {
    const seconds = Number(span[1]) * SECONDS[span[2] as keyof typeof SECONDS];
    return new Date(now.getTime() + towards * seconds * 1000).toISOString();
  }
  const time = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError(`${WHAT_IS_RIGHT} is expected`);
  return time.toISOString();
}
