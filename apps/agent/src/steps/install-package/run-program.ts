import { join } from 'node:path';
import { describeCondition, separateRequirements } from '@muster/sequence/applications/describe-condition.js';
import { isSuccess } from '@muster/sequence/restart-request.js';
import { CommandSplitError, splitCommand } from '@muster/sequence/steps/run-command-line/split-command.js';
import type { AvailableContent, ContentProgram } from '../../runner/content-provider.js';
import { freeDisk } from '../check-readiness/gather-readiness.js';
import { type ProcessOutcome, runProcess } from '../child-process.js';
import type { StepContext } from '../executor.js';
import { StepError } from '../step-error.js';

/**
 * The program of that name, case-sensitive.
 * @throws StepError `content.program-not-found`
 */
export function programOf(content: AvailableContent, packageName: string, name: string): ContentProgram {
  const program = Object.hasOwn(content.programs, name) ? content.programs[name] : undefined;
  if (program) return program;
  const known = Object.keys(content.programs).join(', ') || 'none';
  throw new StepError(
    'content.program-not-found',
    `package "${packageName}" has no program "${name}"; it has: ${known}`,
  );
}

/**
 * Runs a program inside its content, or in the run's folder when it has none. The timeout of the step wins over its own. What it asks
 * of the computer is looked at before.
 *
 * @param label what the program is, for messages: `program "install" of "hello"`
 * @throws StepError `content.invalid-program`, `step.requirements-not-met`, `step.no-disk-space`
 */
export async function runProgram(
  program: ContentProgram,
  label: string,
  content: AvailableContent | undefined,
  context: StepContext,
): Promise<ProcessOutcome> {
  context.signal.throwIfAborted();
  await requireRunnable(program, label, context);
  const [command = '', ...parameters] = toWords(program, label).map((word) => context.expand(word));
  return runProcess({
    command,
    arguments: parameters,
    workingDirectory: join(content?.folder ?? context.folder, program.startFolder ?? ''),
    contentFolder: content?.folder,
    environment: context.exportedVariables,
    timeoutSeconds: context.timeoutSeconds ?? program.timeoutSeconds,
    marker: context.marker,
    secrets: () => context.secrets,
    signal: context.signal,
  });
}

async function requireRunnable(
  { requirements, freeDiskMegabytes }: ContentProgram,
  label: string,
  context: StepContext,
): Promise<void> {
  for (const condition of requirements ? separateRequirements(requirements) : []) {
    const truth = await context.decide(condition);
    if (truth === true) continue;
    const why = truth === 'unknown' ? ', which cannot be decided here' : '';
    throw new StepError(
      'step.requirements-not-met',
      `${label} needs ${describeCondition(condition)}${why}; it was not run`,
    );
  }
  if (freeDiskMegabytes === undefined) return;
  const free = await freeDisk(context.phase);
  if ('value' in free && free.value >= freeDiskMegabytes) return;
  const found = 'value' in free ? `${free.value} MB are free` : `what is free cannot be told: ${free.unknown}`;
  throw new StepError(
    'step.no-disk-space',
    `${label} needs ${freeDiskMegabytes} MB on the disk; ${found}. It was not run`,
  );
}

/** Why a program failed, with its exit code; undefined when it succeeded. */
export function failureOf(
  label: string,
  { error, exitCode }: ProcessOutcome,
  successCodes: readonly number[],
): StepFailure | undefined {
  const code = exitCode ?? 0;
  if (error) return { code: error.code, message: `${label}: ${error.message}`, exitCode };
  if (isSuccess(code, successCodes)) return undefined;
  return {
    code: 'step.exit-code',
    message: `${label}: exit code ${code}; success is ${successCodes.join(', ')}`,
    exitCode: code,
  };
}

/** A failure inside a step: stable code, a sentence, and the exit code where a program gave one. */
export interface StepFailure {
  readonly code: string;
  readonly message: string;
  readonly exitCode?: number | undefined;
}

function toWords(program: ContentProgram, label: string): readonly string[] {
  if (program.arguments) return [program.command, ...program.arguments];
  try {
    return splitCommand(program.command);
  } catch (error) {
    if (error instanceof CommandSplitError)
      throw new StepError('content.invalid-program', `${label}: ${error.message}`);
    throw error;
  }
}
