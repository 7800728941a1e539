import { isTimeZone } from '@muster/schedule/zoned-time.js';
import { z } from 'zod';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const noteSchema = z.object({ timeZone: z.string().refine(isTimeZone) });

/** Notes in which time zone the daemon of this computer decides, an IANA name, for whoever is told about that. */
export function noteTimeZone(path: string, timeZone: string): void {
  if (notedTimeZone(path) === timeZone) return;
  try {
    replaceFile(path, `${JSON.stringify({ timeZone })}\n`);
  } catch {
    // A disk that is full: the next start of the agent notes it.
  }
}

/**
 * The time zone in which the daemon decides. Commands have one of their own: the shell of a person may set TZ, and that does not move a
 * maintenance window.
 * @returns undefined: no daemon of this state folder has noted one yet
 */
export function notedTimeZone(path: string): string | undefined {
  try {
    const text = readIfPresent(path);
    return text === undefined ? undefined : noteSchema.safeParse(JSON.parse(text)).data?.timeZone;
  } catch {
    return undefined;
  }
}
