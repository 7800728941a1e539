import { type ProcessOutcome, runProcess } from '../child-process.js';
import type { StepContext } from '../executor.js';
import { StepError } from '../step-error.js';

/**
 * Runs a program of the system for a step: in the C locale, so that what it says can be read, and with what it is to read on
 * its standard input, where a password belongs.
 *
 * @throws StepError `step.stopped`, `step.timeout` when it was killed
 */
export async function runTool(
  command: string,
  parameters: readonly string[],
  context: StepContext,
  input?: string,
): Promise<ProcessOutcome> {
  const outcome = await runProcess({
    command,
    arguments: parameters,
    workingDirectory: context.folder,
    environment: { LC_ALL: 'C' },
    timeoutSeconds: context.timeoutSeconds,
    marker: context.marker,
    secrets: () => context.secrets,
    signal: context.signal,
    input,
  });
  const { error } = outcome;
  if (error?.code === 'step.stopped' || error?.code === 'step.timeout') throw new StepError(error.code, error.message);
  return outcome;
}

/** How a program failed, in one line: the last that it said, or how it ended. */
export function failureOf(outcome: ProcessOutcome): string {
  const last = outcome.output
    ?.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .at(-1);
  return last ?? outcome.error?.message ?? `exit code ${outcome.exitCode ?? 'unknown'}`;
}

/** Did it end with exit code 0? */
export function succeeded({ error, exitCode }: ProcessOutcome): boolean {
  return error === undefined && exitCode === 0;
}
