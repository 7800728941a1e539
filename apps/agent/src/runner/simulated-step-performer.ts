import type { ProbeAnswer, WorldExpression } from '@muster/sequence/conditions/model.js';
import type { Plan } from '@muster/sequence/plan.js';
import type { ExecuteEffect } from '@muster/sequence/run.js';
import type { SimulatedOutcome } from '@muster/sequence/simulate.js';
import { assumedExitCode } from '@muster/sequence/success-codes.js';
import { answerProbe } from '../conditions/probes.js';
import type { StepOutcome } from '../steps/executor.js';
import type { SimulatedOutcomes, SimulatedStep } from './simulation-table.js';
import type { StepPerformer } from './step-performer.js';

/** Takes outcomes from a table and executes nothing. Conditions that look at the computer are answered by the computer. */
export class SimulatedStepPerformer implements StepPerformer {
  constructor(
    private readonly outcomes: SimulatedOutcomes,
    private readonly plan: Plan,
  ) {}

  perform({ path, name, position }: ExecuteEffect): Promise<StepOutcome> {
    const outcome = toOutcome(this.outcomes.next(path, name));
    const exitCode = outcome.exitCode ?? assumedExitCode(this.plan.instructions[position] ?? {});
    return Promise.resolve({ ...outcome, exitCode });
  }

  async probe(questions: readonly WorldExpression[]): Promise<readonly ProbeAnswer[]> {
    return Promise.all(questions.map((question) => answerProbe(question)));
  }
}

/** A table's entry as the end of a step; without an exit code it is to succeed. `restart` asks as a script would, unless the entry sets the request itself. */
export function toOutcome({ exitCode, set, restart }: SimulatedStep): Exclude<SimulatedOutcome, 'interrupted'> {
  const assignments = Object.entries(set).map(([name, value]) => ({ name, value }));
  const asks = assignments.some(({ name }) => name.toLowerCase() === 'smstsrebootrequested');
  if (restart && !asks) assignments.push({ name: 'SMSTSRebootRequested', value: 'HD' });
  return { ...(exitCode === undefined ? {} : { exitCode }), ...(assignments.length > 0 ? { assignments } : {}) };
}
