import type { ProblemFinding } from '@muster/contracts/problem.js';
import { safeText } from '../output/safe-text.js';
import type { Terminal } from '../terminal.js';
import { CliError, reasonOf, SilentExit, systemCode } from './cli-error.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';

/** Where a finding is in the text that a user wrote: `file:line:column`, or nothing. */
export type PlaceOf = (pointer: string) => string | undefined;

/** Prints `error: <code>: <message>` and one line per finding. `about` names the object, e.g. `taskSequence/x`. */
export function printError(terminal: Terminal, error: CliError, about?: string, placeOf?: PlaceOf): void {
  const subject = about === undefined ? '' : `${about}: `;
  terminal.error(`error: ${error.code}: ${subject}${safeText(error.message)}`);
  for (const finding of error.findings) terminal.error(`  ${findingLine(finding, placeOf)}`);
  for (const line of error.details) terminal.error(`  ${safeText(line)}`);
}

/** One finding: place in the file where known, code, JSON pointer, message and cure. */
export function findingLine(finding: ProblemFinding, placeOf?: PlaceOf): string {
  const place = placeOf?.(finding.path);
  const fix = finding.fix === undefined ? '' : `; ${finding.fix}`;
  const severity = finding.severity ?? 'error';
  return safeText(
    `${place === undefined ? '' : `${place}: `}${severity} ${finding.code} ${finding.path || '/'}: ${finding.message}${fix}`,
  );
}

/** Says what ended a command and returns its exit code. Anything unexpected is one line too, never a stack. */
export function reportFailure(terminal: Terminal, error: unknown): ExitCode {
  if (error instanceof SilentExit) return error.exitCode;
  if (error instanceof CliError) {
    printError(terminal, error);
    return error.exitCode;
  }
  const code = systemCode(error);
  printError(terminal, new CliError(`cli.${(code ?? 'bug').toLowerCase()}`, reasonOf(error), EXIT_CODES.failed));
  if (terminal.environment['MUSTER_DEBUG'] && error instanceof Error) terminal.error(error.stack ?? '');
  return EXIT_CODES.failed;
}
