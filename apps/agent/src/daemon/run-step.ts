import { planOfRun } from '@muster/sequence/plan-of-run.js';
import { Journal } from '../journal/journal.js';

/** At which step a run is. */
export interface RunStep {
  readonly path: string;
  /** Counted from 1, of `total`. */
  readonly number: number;
  readonly total: number;
}

/** Read off the journal of a run that may go on meanwhile; undefined: no step has begun, or the journal cannot be read. */
export function stepOfRun(folder: string): RunStep | undefined {
  const entries = readJournal(folder);
  const [first] = entries;
  if (first?.event.type !== 'run-started') return undefined;
  const last = entries.findLast(({ event }) => event.type === 'step-started')?.event;
  if (last?.type !== 'step-started') return undefined;
  const { instructions, total } = planOfRun(first.event).plan;
  const steps = instructions.filter(({ step, disabled }) => step !== undefined && !disabled);
  const at = steps.findIndex(({ position }) => position === last.position);
  return at < 0 ? undefined : { path: steps[at]?.path ?? '', number: at + 1, total };
}

function readJournal(folder: string): ReturnType<typeof Journal.read> {
  try {
    return Journal.read(folder);
  } catch {
    // The daemon judges journals; who only looks sees nothing.
    return [];
  }
}
