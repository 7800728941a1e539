import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '@muster/sequence/limits.js';
import { systemCode } from '../journal/journal-error.js';
import type { LaunchedProgram, Launcher, ProgramEnd } from '../launch/launched-program.js';
import { launcher } from '../launch/launcher.js';
import { withTsenv } from '../tsenv/environment.js';
import type { StepOutcome } from './executor.js';
import { type CapturedOutput, OutputTail } from './output-tail.js';
import { MARKER_VARIABLE, killMarked } from './process-tree.js';

/** One program to run. */
export interface ProcessRequest {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly workingDirectory: string;
  /** Where a bare program name is looked for before PATH: the content folder. */
  readonly contentFolder?: string | undefined;
  /** Added to the agent's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number | undefined;
  /** What the process reads from its standard input; absent: nothing. */
  readonly input?: string | undefined;
  readonly marker: string;
  /** Texts to mask, longest first; asked when the process has ended, because it may have made more of them. */
  readonly secrets: () => readonly string[];
  readonly signal: AbortSignal;
}

/** Outcome of a process; `standardOutput` is its last 1,000 characters, not masked: for an output variable only. */
export type ProcessOutcome = StepOutcome & { readonly standardOutput: CapturedOutput };

/** Of a program that never ran. */
export const noOutput: CapturedOutput = { text: '', secret: false };

/** Exit codes for what is no exit code, as shells and GNU timeout have them. */
const EXIT = { timeout: 124, notExecutable: 126, notFound: 127, signalBase: 128 } as const;

/**
 * Runs a program without a shell, in a process group of its own, with `input` as standard input. Never throws for what the
 * program does.
 *
 * | end | exit code | error code |
 * |---|---|---|
 * | exits | its own; on POSIX 194 is read as 3010 | |
 * | killed by a signal | 128 + number | step.killed |
 * | timeout: the whole tree is killed | 124 | step.timeout |
 * | `signal` aborted: the whole tree is killed | | step.stopped |
 * | no such program | 127 | step.command-not-found |
 * | not executable | 126 | step.command-not-executable |
 * | no such working directory | | step.working-directory-missing |
 *
 * @param given how it is started; default: the fastest way that this computer has
 */
export async function runProcess(request: ProcessRequest, given?: Launcher): Promise<ProcessOutcome> {
  const launch = given ?? (await launcher());
  if (!isFolder(request.workingDirectory)) {
    return failure(
      'step.working-directory-missing',
      `the working directory ${request.workingDirectory} does not exist`,
    );
  }
  if (request.signal.aborted) return failure('step.stopped', 'stopped before it began');
  const both = new OutputTail();
  const standardOutput = new OutputTail();
  let child: LaunchedProgram;
  try {
    child = launch({
      command: programOf(request),
      arguments: request.arguments,
      workingDirectory: request.workingDirectory,
      environment: withTsenv({
        ...inheritedEnvironment(),
        ...request.environment,
        [MARKER_VARIABLE]: request.marker,
      }),
      withInput: request.input !== undefined,
    });
  } catch (error) {
    return spawnFailure(request.command, error);
  }
  // A program that does not read its input is no failure of ours.
  child.stdin?.on('error', () => undefined).end(request.input);
  child.stdout.on('data', (chunk: Buffer) => {
    both.push(chunk);
    standardOutput.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => both.push(chunk));

  const end = await endOf(child, request);
  const texts = {
    output: both.text(LIMITS.outputLength, request.secrets()),
    standardOutput: standardOutput.captured(LIMITS.outputLength, request.secrets()),
  };
  switch (end.kind) {
    case 'not-started':
      return spawnFailure(request.command, end.error);
    case 'timeout':
      return {
        ...failure('step.timeout', `killed with all its processes after ${request.timeoutSeconds} s`, EXIT.timeout),
        ...texts,
      };
    case 'stopped':
      return { ...failure('step.stopped', 'killed with all its processes because the run was stopped'), ...texts };
    case 'signal':
      return {
        ...failure('step.killed', `killed by ${end.signal}`, EXIT.signalBase + (signalNumbers[end.signal] ?? 0)),
        ...texts,
      };
    case 'exit':
      return { exitCode: toExitCode(end.code), ...texts };
  }
}

/**
 * POSIX keeps eight bits of an exit code: a program that means 3010 (restart required) arrives as 194. A program that
 * really means 194 does not exist as far as we know; one that does must be wrapped.
 */
function toExitCode(code: number): number {
  return process.platform !== 'win32' && code === (3010 & 0xff) ? 3010 : code;
}

type ProcessEnd = ProgramEnd | { kind: 'timeout' | 'stopped' };

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

async function endOf(child: LaunchedProgram, request: ProcessRequest): Promise<ProcessEnd> {
  let killedFor: 'timeout' | 'stopped' | undefined;
  let killing: Promise<unknown> = Promise.resolve();
  const killTree = (why: 'timeout' | 'stopped'): void => {
    if (killedFor) return;
    killedFor = why;
    killing = killMarked(request.marker, child.pid);
  };
  const onAbort = (): void => killTree('stopped');
  request.signal.addEventListener('abort', onAbort, { once: true });
  const timer =
    request.timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => killTree('timeout'), request.timeoutSeconds * 1000);
  const ended = await child.ended;
  clearTimeout(timer);
  request.signal.removeEventListener('abort', onAbort);
  await killing;
  // A process left in the background may hold the pipes open for ever: its later output is nobody's.
  if (ended.kind !== 'not-started') await waitAtMost(500, child.closed);
  child.stdin?.destroy();
  child.stdout.destroy();
  child.stderr.destroy();
  return killedFor && ended.kind !== 'not-started' ? { kind: killedFor } : ended;
}

/** Waits for an event, but no longer. A timer that is cleared costs a step nothing; an aborted one costs an error with its stack. */
async function waitAtMost(milliseconds: number, event: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  // One more look at what has arrived: where this process itself was held up, the time is over before anything was read.
  const over = new Promise<void>((resolve) => (timer = setTimeout(() => setImmediate(resolve), milliseconds)));
  await Promise.race([event, over]);
  clearTimeout(timer);
}

/** The agent's environment without its own settings and without the run that it may itself be a step of. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(MUSTER|TSENV)_/.test(name)));
}

function programOf({ command, contentFolder }: ProcessRequest): string {
  if (contentFolder === undefined || command.includes('/')) return command;
  const inContent = join(contentFolder, command);
  try {
    accessSync(inContent, constants.X_OK);
    return statSync(inContent).isFile() ? inContent : command;
  } catch {
    return command;
  }
}

function spawnFailure(command: string, error: unknown): ProcessOutcome {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return failure('step.command-not-found', `there is no program "${command}"`, EXIT.notFound);
  if (code === 'EACCES' || code === 'ENOEXEC' || code === 'EISDIR') {
    return failure('step.command-not-executable', `"${command}" cannot be executed: ${code}`, EXIT.notExecutable);
  }
  return failure(
    'step.command-failed-to-start',
    `"${command}" did not start: ${code ?? String(error)}`,
    EXIT.notExecutable,
  );
}

function failure(code: string, message: string, exitCode?: number): ProcessOutcome {
  return { error: { code, message }, standardOutput: noOutput, ...(exitCode === undefined ? {} : { exitCode }) };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
