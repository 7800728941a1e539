import { LIMITS } from '@muster/sequence/limits.js';
import type { CheckReadinessSettings } from '@muster/sequence/steps/check-readiness/definition.js';
import {
  READINESS_VARIABLES,
  type ReadinessFacts,
  judgeReadiness,
  readinessProblem,
} from '@muster/sequence/steps/check-readiness/judge-readiness.js';
import type { StepContext, StepExecutor, StepOutcome } from '../executor.js';
import { gatherReadiness } from './gather-readiness.js';

/** What the step ends with when a check failed; known from Windows. */
const notReadyExitCode = 4316;

/** Check Readiness on this computer. */
export const executeCheckReadiness: StepExecutor = (settings, context) =>
  checkReadiness(settings as CheckReadinessSettings, context, () => gatherReadiness(context.phase));

/** The step with facts from somewhere: judges all checks, tells each in a variable and in the output. */
export async function checkReadiness(
  settings: CheckReadinessSettings,
  context: StepContext,
  gather: () => Promise<ReadinessFacts>,
): Promise<StepOutcome> {
  const results = judgeReadiness(settings, await gather());
  const byVariable = new Map(results.map((result) => [result.variable, result]));
  for (const name of READINESS_VARIABLES) {
    const result = byVariable.get(name);
    context.variables.write({ name, value: result === undefined ? '' : result.passed ? '1' : '0' });
  }
  const lines = results.map(
    ({ name, passed, wanted, found }) => `${passed ? 'passed' : 'FAILED'} ${name}: wanted ${wanted}, found ${found}`,
  );
  const output = lines.join('\n').slice(0, LIMITS.outputLength);
  const problem = readinessProblem(results);
  if (problem === undefined) return { exitCode: 0, output };
  return { exitCode: notReadyExitCode, output, error: { code: 'step.not-ready', message: problem } };
}
