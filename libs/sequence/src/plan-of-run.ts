import { compilePlan } from './plan.js';
import type { RunStarted } from './run.js';

/** The plan of a run, as its first event says: the program that runs first is left out where it need not, or cannot, run. */
export function planOfRun({ sequence, children, facts }: RunStarted): ReturnType<typeof compilePlan> {
  const withoutFirst = facts.firstProgramDone === true || facts.phase === 'PE';
  return compilePlan(sequence.name, sequence.spec, children, { withoutFirst });
}
