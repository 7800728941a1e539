import { decideStart, type StartFacts } from './decide-start.js';
import type { StartRules } from './start-rules.js';

/** From available over a trigger to a window is the longest way; whatever takes longer is not known well enough to tell people. */
const MOST_LOOKS = 6;

/**
 * When a run begins by itself next, if nothing but time passes: the device decides again at each instant at which it would look again.
 * Between the trigger and the beginning people are warned, and that counts.
 *
 * @returns milliseconds since 1970; undefined: it does not, or nobody knows when
 */
export function nextStart(rules: StartRules, facts: Omit<StartFacts, 'askedAt'>): number | undefined {
  let { now } = facts;
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const decision = decideStart(rules, { ...facts, now, askedAt: undefined });
    if (decision.state === 'start') return decision.begins;
    if (decision.state !== 'waiting' || decision.lookAgain === undefined) return undefined;
    now = decision.lookAgain;
  }
  return undefined;
}
