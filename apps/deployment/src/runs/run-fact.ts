import type { RunSpec, RunStatus, RunStep } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';

/** A fact must pass through the broker; one that cannot would hold up all that come after it. */
export const MOST_FACT_CHARACTERS = 200_000;
const OUTPUTS_KEPT = 20;

/**
 * The document of a run for a fact: all of it, unless it is too long. Then the oldest outputs go first, then all texts,
 * then the oldest steps. Reading the run always gives everything.
 */
export function fitForFact(
  run: Resource<RunSpec, RunStatus>,
  limit = MOST_FACT_CHARACTERS,
): Resource<RunSpec, RunStatus> {
  const { steps } = run.status;
  const withSteps = (some: RunStep[]) => ({ ...run, status: { ...run.status, steps: some } });
  if (lengthOf(run) <= limit) return run;
  const recent = steps.length - OUTPUTS_KEPT;
  const fewerOutputs = withSteps(steps.map((step, index) => (index < recent ? without(step, ['output']) : step)));
  if (lengthOf(fewerOutputs) <= limit) return fewerOutputs;

  const bare = steps.map((step) => without(step, ['output', 'message']));
  let room = limit - lengthOf(withSteps([]));
  let first = bare.length;
  while (first > 0) {
    room -= lengthOf(bare[first - 1]) + 1;
    if (room < 0) break;
    first -= 1;
  }
  return withSteps(bare.slice(first));
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value).length;
}

function without(step: RunStep, fields: readonly (keyof RunStep)[]): RunStep {
  return Object.fromEntries(Object.entries(step).filter(([key]) => !fields.includes(key as keyof RunStep))) as RunStep;
}
