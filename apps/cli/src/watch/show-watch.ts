import { InvalidArgumentError } from 'commander';
import type { ApiClient } from '../api/api-client.js';
import { SilentExit } from '../errors/cli-error.js';
import { EXIT_CODES, type ExitCode } from '../errors/exit-codes.js';
import { duration } from '../output/age.js';
import type { Terminal } from '../terminal.js';
import { eventLines } from './event-lines.js';
import { watchDeployment, watchRun, type DeploymentOutcome, type WatchOptions } from './watch-runs.js';

export type WatchFormat = 'human' | 'json';

/** Parses `-o` of commands that tell events. */
export function parseWatchFormat(text: string): WatchFormat {
  if (text !== 'human' && text !== 'json') throw new InvalidArgumentError('human or json');
  return text;
}

export interface ShowOptions {
  readonly format: WatchFormat;
  readonly timeoutSeconds?: number | undefined;
  readonly signal: AbortSignal;
}

function optionsFor(terminal: Terminal, { format, timeoutSeconds, signal }: ShowOptions): WatchOptions {
  return {
    signal,
    timeoutSeconds,
    onEvent(event) {
      if (format === 'json') terminal.out(JSON.stringify(event));
      else for (const line of eventLines(event)) terminal.out(line);
    },
    onNote: (line) => terminal.error(`note: ${line}`),
  };
}

/** Shows a deployment live until its end. @returns what came out; whether that is a success is `deploymentExitCode`. */
export async function showDeployment(
  client: ApiClient,
  name: string,
  terminal: Terminal,
  options: ShowOptions,
): Promise<DeploymentOutcome> {
  const began = performance.now();
  const outcome = await interruptible(watchDeployment(client, name, optionsFor(terminal, options)), options.signal);
  if (options.format === 'json') {
    terminal.out(JSON.stringify({ event: 'deployment-finished', deployment: name, ...outcome }));
  } else {
    const unfinished = outcome.targeted - outcome.succeeded - outcome.failed - outcome.silent - outcome.notToRun;
    const silent = outcome.silent > 0 ? `, ${outcome.silent} silent` : '';
    const never = outcome.notToRun > 0 ? `, ${outcome.notToRun} will not run it` : '';
    const rest = `${silent}${never}${outcome.expired ? `, ${unfinished} did not begin before it expired` : ''}`;
    terminal.out(
      `deployment/${name}: ${outcome.succeeded} succeeded, ${outcome.failed} failed${rest}, watched for ${duration(performance.now() - began)}`,
    );
  }
  return outcome;
}

/** 0 only if every targeted device succeeded. */
export function deploymentExitCode({ failed, silent, notToRun, expired }: DeploymentOutcome): ExitCode {
  return failed > 0 || silent > 0 || notToRun > 0 || expired ? EXIT_CODES.failed : EXIT_CODES.ok;
}

/** Shows a run live until its end; the exit code says whether it succeeded. */
export async function showRun(
  client: ApiClient,
  name: string,
  terminal: Terminal,
  options: ShowOptions,
): Promise<ExitCode> {
  const { status } = await interruptible(watchRun(client, name, optionsFor(terminal, options)), options.signal);
  return status.state === 'succeeded' ? EXIT_CODES.ok : EXIT_CODES.failed;
}

async function interruptible<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) throw new SilentExit(EXIT_CODES.interrupted);
    throw error;
  }
}
