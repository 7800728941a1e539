import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { AssignmentFate } from '../policy/decide.js';
import type { Preparation } from './preparations.js';

/** What a preparation makes of an offer: another state, or words beside it. */
export interface PreparationTold {
  readonly state?: 'fetching' | 'waits-for-content';
  readonly says?: string;
  /** Stands behind the sentence of the decision. */
  readonly besides?: string;
  readonly lookAgain?: string | undefined;
}

/** What is told of a deployment whose content is looked for. */
export function describePreparation(
  preparation: Preparation,
  { state }: AssignmentFate['decision'],
  wanted: NonNullable<Assignment['content']>,
): PreparationTold | undefined {
  if (preparation.state === 'ready') return undefined;
  if (state === 'waiting') return { besides: `; ${preparationSays(preparation)}` };
  if (state !== 'start') return undefined;
  if (preparation.state === 'waiting')
    return { state: 'waits-for-content', says: preparationSays(preparation), lookAgain: preparation.nextTryAt };
  return wanted === 'BeforeStart' ? { state: 'fetching', says: preparationSays(preparation) } : undefined;
}

/** Why a run waits for its content, and until when; without its next try, which changes all the time. */
export function contentSays({ code, message, deadline }: Preparation): string {
  return `waits for its content${deadline === undefined ? '' : ` until ${deadline}`}; ${code}: ${message}`;
}

/** One line of a preparation that is not ready. */
export function preparationSays({ state, refused, code, message, nextTryAt, deadline }: Preparation): string {
  if (refused) return `fails, its content cannot be had: ${refused.code}: ${refused.message}`;
  const until = deadline === undefined ? '' : ` until ${deadline}`;
  if (state === 'working') return `its content is looked for and fetched${until}`;
  return `waits for its content${until}, next try at ${nextTryAt}; ${code}: ${message}`;
}
