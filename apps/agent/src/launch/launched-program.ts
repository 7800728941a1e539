import type { Readable, Writable } from 'node:stream';

/** A program to start, without a shell, in a session of its own. */
export interface LaunchRequest {
  /** A path, or a bare name that is looked for on the PATH of `environment`. */
  readonly command: string;
  readonly arguments: readonly string[];
  /** Exists. A relative path of a command begins here. */
  readonly workingDirectory: string;
  /** All that it has. */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** Does somebody write to its standard input? Otherwise that is empty. */
  readonly withInput: boolean;
}

/** A program that was started, or that turns out not to have been. */
export interface LaunchedProgram {
  readonly pid: number | undefined;
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The program itself is over; others may still hold its outputs. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** It is over, and so is everything that was written to its outputs. Never rejects. */
  readonly closed: Promise<void>;
}

export type ProgramEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly error: unknown };

/** @throws a system error (`code`: ENOENT, EACCES, …) or ERR_INVALID_ARG_VALUE, unless `ended` tells it. */
export type Launcher = (request: LaunchRequest) => LaunchedProgram;
