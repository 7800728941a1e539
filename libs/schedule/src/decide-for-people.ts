import { decideStart, mayBeAsked, type StartDecision, type StartFacts } from './decide-start.js';
import { latestStart } from './put-off.js';
import type { StartRules } from './start-rules.js';

const MINUTE = 60_000;

/** What a device does with a deployment whose start people there may have put off. */
export type PeoplesDecision =
  | Exclude<StartDecision, { state: 'start' }>
  | (Extract<StartDecision, { state: 'start' }> & {
      /** People at the device put it off: it begins at `begins`. */
      readonly snoozed?: true;
    });

/**
 * Decides as `decideStart`, but a start that people put off begins when they want, as if they had been told of that time; never past its window
 * or its end. The agent acts on it and explain tells it, so they cannot disagree.
 *
 * @param wanted until when people at the device put it off, in milliseconds since 1970; undefined: they did not
 */
export function decideForPeople(rules: StartRules, facts: StartFacts, wanted: number | undefined): PeoplesDecision {
  const { now } = facts;
  const { warnMinutes = 0 } = rules;
  // Who may begin it sooner may begin it later; and only who is told of it before can put it off.
  if (wanted === undefined || warnMinutes === 0 || !mayBeAsked(rules)) return decideStart(rules, facts);
  const until = Math.min(wanted, latestStart(rules, facts));
  // When its window or its end came nearer meanwhile, people are warned as if nobody had put it off.
  if (until <= now && wanted > now) return decideStart(rules, facts);
  const decision = decideStart(rules, { ...facts, warnedAt: until - warnMinutes * MINUTE });
  const waits = decision.state === 'start' && decision.because === 'trigger' && now < until;
  return waits ? { ...decision, begins: until, snoozed: true } : decision;
}
