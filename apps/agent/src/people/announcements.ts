import type { Assignment } from '@muster/contracts/agent/policy.js';
import { momentInstant } from '@muster/schedule/zoned-time.js';
import type { AssignmentFate } from '../policy/decide.js';

/** So long a deployment is new on a computer (clients-policy-status.md section 7). */
const NEW_FOR = 7 * 24 * 3_600_000;

/** What is known where it is judged whether a deployment is new. */
export interface Newness {
  readonly now: number;
  readonly timeZone: string;
  readonly hasRun: boolean;
}

/**
 * Is a deployment new to people here: available for less than a week, not run yet, and something that may still come? One of which the
 * site does not say when it was made is not. Pure.
 */
export function isNew({ assignment, decision }: AssignmentFate, { now, timeZone, hasRun }: Newness): boolean {
  const since = availableSince(assignment, timeZone);
  if (hasRun || since === undefined || since > now || now - since >= NEW_FOR) return false;
  if (decision.state === 'waiting') return !['availability', 'network', 'write-filter'].includes(decision.for);
  return decision.state === 'offered' || decision.state === 'start';
}

function availableSince({ deployment, availableAt }: Assignment, timeZone: string): number | undefined {
  if (deployment.createdAt === undefined) return undefined;
  const made = Date.parse(deployment.createdAt);
  return availableAt === undefined ? made : Math.max(made, momentInstant(availableAt, timeZone));
}
