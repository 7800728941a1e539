import { z } from 'zod';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const noteSchema = z.object({ bootId: z.string(), at: z.iso.datetime() });

/**
 * When this computer was first seen in this boot, in milliseconds since 1970. It is noted once in a file: counting back from now would
 * give another answer after each change of the clock. Undefined where boots have no id.
 */
export function bootTime(path: string, bootId: string | undefined, now: number): number | undefined {
  if (bootId === undefined) return undefined;
  const text = readIfPresent(path);
  const noted = text === undefined ? undefined : noteSchema.safeParse(parse(text)).data;
  if (noted?.bootId === bootId) return Date.parse(noted.at);
  replaceFile(path, `${JSON.stringify({ bootId, at: new Date(now).toISOString() })}\n`);
  return now;
}

/** A note that is damaged is written anew. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
