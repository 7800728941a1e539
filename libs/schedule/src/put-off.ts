import type { StartFacts } from './decide-start.js';
import { windowsForSequences } from './maintenance-window.js';
import type { StartRules } from './start-rules.js';
import { nextStarts } from './window-spans.js';
import { momentInstant } from './zoned-time.js';

/** What is known where something is put off. */
type Known = Pick<StartFacts, 'now' | 'timeZone' | 'windows'>;

/**
 * The last instant at which a run that may begin now still may: its window must have room for all of it, and it must not have expired.
 * @returns milliseconds since 1970; `now`: it may not begin any later; Infinity: whenever
 */
export function latestStart(
  { outsideWindows, expiresAt }: Pick<StartRules, 'outsideWindows' | 'expiresAt'>,
  facts: Known & Pick<StartFacts, 'maximumMinutes'>,
): number {
  const expires = expiresAt === undefined ? Infinity : momentInstant(expiresAt, facts.timeZone);
  const inWindow = outsideWindows === true ? Infinity : lastFitting(facts.maximumMinutes, facts);
  return Math.max(facts.now, Math.min(inWindow, expires - 1));
}

/**
 * The last instant at which a restart behind the last step of a run that may come now still may.
 * @param known `asked`: of a run that somebody at the device wanted, which no window holds
 * @returns as `latestStart`
 */
export function latestRestart(
  { restartOutsideWindows }: Pick<StartRules, 'restartOutsideWindows'>,
  known: Known & { readonly asked: boolean },
): number {
  return restartOutsideWindows === true || known.asked ? Infinity : lastFitting(0, known);
}

function lastFitting(minutes: number, { now, timeZone, windows }: Known): number {
  const ruling = windowsForSequences(windows);
  if (!ruling) return Infinity;
  const [start] = nextStarts(ruling, now, minutes, { timeZone, most: 1 });
  return start?.from === now ? start.until : now;
}
