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

/** What system calls on files say, for people. */
const FILE_TROUBLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'this user may not do that there',
  EPERM: 'the system does not allow it',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the path is too long',
};

/** What a thrown thing says, without a stack; of files in words, not in codes of the system. */
export function reasonOf(error: unknown): string {
  const onFile = typeof error === 'object' && error !== null && 'syscall' in error;
  const trouble = onFile ? FILE_TROUBLE[systemCode(error) ?? ''] : undefined;
  if (trouble !== undefined) return trouble;
  return error instanceof Error ? error.message : String(error);
}
