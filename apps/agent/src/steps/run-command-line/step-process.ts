import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { AvailableContent } from '../../runner/content-provider.js';
import { type ProcessOutcome, type ProcessRequest, noOutput, runProcess } from '../child-process.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { type Account, accountEnvironment, asAccount } from './run-as.js';

/** The program of a step that runs one: Run Command Line, Run Script. */
export interface StepProgram {
  readonly command: string;
  readonly arguments: readonly string[];
  /** Content of the step's package: the program is looked for there first, and it is the working directory. */
  readonly content?: AvailableContent | undefined;
  /** Relative to the content; without content to the run's folder, or to the home of the account. */
  readonly workingDirectory?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Absent: the agent's own account. */
  readonly account?: Account | undefined;
  readonly outputVariable?: string | undefined;
}

/** Where the program of a step runs. */
export function workingDirectoryOf(
  { content, workingDirectory, account }: Pick<StepProgram, 'content' | 'workingDirectory' | 'account'>,
  context: StepContext,
): string {
  const base = content?.folder ?? (account ? homeOf(account) : context.folder);
  return resolve(base, workingDirectory ?? '.');
}

/**
 * Runs the program of a step: as its account, in its folder, with the variables of the run in its environment; keeps its
 * output in a variable, as a secret when it holds one. With `OSDDoNotLogCommand` no message names the program.
 */
export async function runStepProgram(program: StepProgram, context: StepContext): Promise<StepOutcome> {
  const { standardOutput, ...outcome } = await start(program, context);
  const shown = isCommandHidden(context) ? withoutCommand(outcome) : outcome;
  if (program.outputVariable === undefined || outcome.error) return shown;
  const { text, secret } = standardOutput;
  const assignment = { name: program.outputVariable, value: text, ...(secret ? { secret } : {}) };
  return { ...shown, assignments: [assignment] };
}

async function start(program: StepProgram, context: StepContext): Promise<ProcessOutcome> {
  const { account, content } = program;
  const workingDirectory = workingDirectoryOf(program, context);
  const exported = context.exportedVariables;
  const common: Omit<ProcessRequest, 'command' | 'arguments' | 'environment'> = {
    workingDirectory,
    timeoutSeconds: context.timeoutSeconds,
    marker: context.marker,
    secrets: () => context.secrets,
    signal: context.signal,
  };
  if (!account) {
    const { command, arguments: words } = program;
    const environment = { ...exported, ...program.environment };
    return runProcess({ ...common, command, arguments: words, contentFolder: content?.folder, environment });
  }
  const command = content ? inContent(program.command, content.folder, workingDirectory) : program.command;
  const started = asAccount(command, program.arguments, account);
  const environment = { ...exported, ...accountEnvironment(account, exported), ...program.environment };
  return notStarted(await runProcess({ ...common, ...started, environment }), program.command);
}

/**
 * A bare name that is a program of the content, relative to where the process begins. The content lies in a folder that only
 * the agent may pass; a process that begins inside it reaches what is below without passing that folder.
 */
function inContent(command: string, folder: string, workingDirectory: string): string {
  if (command.includes('/')) return command;
  try {
    const path = join(folder, command);
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? fromHere(path, workingDirectory) : command;
  } catch {
    return command;
  }
}

/** A path of the content as a process says it that begins in `workingDirectory`, with a slash in it. */
export function fromHere(path: string, workingDirectory: string): string {
  const way = relative(workingDirectory, path);
  return isAbsolute(way) || way.startsWith('..') ? way : `./${way}`;
}

/** setpriv ends as a shell would when it cannot become the program. */
function notStarted(outcome: ProcessOutcome, command: string): ProcessOutcome {
  const missing = outcome.exitCode === 127;
  if (!(missing || outcome.exitCode === 126) || !/^setpriv: failed to execute/m.test(outcome.output ?? ''))
    return outcome;
  const error = missing
    ? { code: 'step.command-not-found', message: `there is no program "${command}" for this user` }
    : { code: 'step.command-not-executable', message: `"${command}" cannot be executed by this user` };
  return { exitCode: outcome.exitCode, error, standardOutput: noOutput };
}

function isCommandHidden(context: StepContext): boolean {
  return context.variables.read('OSDDoNotLogCommand')?.value.trim().toLowerCase() === 'true';
}

const namesCommand: readonly string[] = [
  'step.command-not-found',
  'step.command-not-executable',
  'step.command-failed-to-start',
];

function withoutCommand(outcome: StepOutcome): StepOutcome {
  if (!outcome.error || !namesCommand.includes(outcome.error.code)) return outcome;
  const message = 'the program of this step did not start; OSDDoNotLogCommand keeps its name out of messages';
  return { ...outcome, error: { ...outcome.error, message } };
}

function homeOf({ home }: Account): string {
  try {
    return statSync(home).isDirectory() ? home : '/';
  } catch {
    return '/';
  }
}
