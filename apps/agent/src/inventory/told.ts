import { readIfPresent } from '../identity/durable-files.js';

/** What was told, by digest, and when the site acknowledged it. */
export interface Told {
  readonly digest: string;
  readonly at: string;
}

/** Whether the site has to be told what is so now: it is something else, or as long ago. Pure. */
export function isDue(told: Told | undefined, now: Told, tellAgainSeconds: number): boolean {
  if (told?.digest !== now.digest) return true;
  const age = (Date.parse(now.at) - Date.parse(told.at)) / 1000;
  // A clock that went back, or a file that says nonsense, must not silence it.
  return !(age >= 0 && age < tellAgainSeconds);
}

/** What a file remembers; undefined where there is none. */
export function readTold(path: string): Told | undefined {
  try {
    const told = JSON.parse(readIfPresent(path) ?? 'null') as Partial<Told> | null;
    return typeof told?.digest === 'string' && typeof told.at === 'string'
      ? { digest: told.digest, at: told.at }
      : undefined;
  } catch {
    // Torn or strange: told once more.
    return undefined;
  }
}
