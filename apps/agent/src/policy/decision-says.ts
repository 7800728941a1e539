import { describeStart } from '@muster/schedule/describe-start.js';
import type { AssignmentFate } from './decide.js';

/** What becomes of an assignment, as a sentence for people. */
export function decisionSays(decision: AssignmentFate['decision'], now: number): string {
  switch (decision.state) {
    case 'disabled':
      return 'its task sequence is disabled';
    case 'rejected':
    case 'no-permit':
      return decision.says;
    case 'no-body':
      return 'waits for the site to give its task sequence';
    default:
      return describeStart(decision, now);
  }
}
