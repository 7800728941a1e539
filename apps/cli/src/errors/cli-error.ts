import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { ExitCode } from './exit-codes.js';

/** A failure that the user is told about: a stable dotted code, one sentence, and the exit code that goes with it. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly findings: readonly ProblemFinding[];
  /** More lines for people: what a conflict is about. */
  readonly details: readonly string[];

  constructor(
    readonly code: string,
    message: string,
    readonly exitCode: ExitCode,
    extra: {
      readonly findings?: readonly ProblemFinding[];
      readonly details?: readonly string[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.findings = extra.findings ?? [];
    this.details = extra.details ?? [];
  }
}

/** Ends the command with a code; everything there is to say was said already. */
export class SilentExit extends Error {
  override readonly name = 'SilentExit';

  constructor(readonly exitCode: ExitCode) {
    super(`exit ${exitCode}`);
  }
}

/** The code of a failed system call (`ENOENT`, `ECONNREFUSED`, …), also when it hides in a cause. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code;
  return 'cause' in error ? systemCode(error.cause) : undefined;
}

/** What a thrown thing says, without a stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
