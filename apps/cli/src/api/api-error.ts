import { problemSchema, type Problem } from '@muster/contracts/problem.js';
import { conflictLines } from './conflict-lines.js';
import { CliError, reasonOf, systemCode } from '../errors/cli-error.js';
import { EXIT_CODES, exitCodeOfStatus } from '../errors/exit-codes.js';

/** What the server refused, in its own words. */
export class ApiError extends CliError {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    problem: Pick<Problem, 'code' | 'title' | 'detail' | 'findings' | 'conflict'>,
    document: boolean,
  ) {
    // A command that names something which is not there: for its user that is "not found".
    const missing = status === 400 && !document && problem.code.endsWith('.missing-reference');
    super(problem.code, problem.detail ?? problem.title, exitCodeOfStatus(missing ? 404 : status, document), {
      findings: problem.findings ?? [],
      details: conflictLines(problem.conflict),
    });
  }
}

/** Makes the error of an answer that is no success. `text` is its body. */
export function apiErrorOf(server: string, status: number, text: string, document: boolean): CliError {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const problem = problemSchema.safeParse(body);
  if (problem.success) return new ApiError(status, problem.data, document);
  return new CliError(
    'server.unexpected-answer',
    `${server} answered ${status} without saying why: is it the address of a Muster site?`,
    exitCodeOfStatus(status, document),
  );
}

/** A server that cannot be talked to. */
export class UnreachableError extends CliError {
  override readonly name = 'UnreachableError';

  constructor(server: string, cause: unknown) {
    super(
      'server.unreachable',
      `${server} cannot be reached (${systemCode(cause) ?? reasonOf(cause)}): start a site with "npm start" or "npx muster up", or name another with --server`,
      EXIT_CODES.unavailable,
      { cause },
    );
  }
}

/** The connection was never made, so that nothing can have been done. */
export function neverSent(cause: unknown): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    systemCode(cause) ?? '',
  );
}

/** A failure that goes away by itself: a service that is restarting. */
export function isTemporary(error: unknown): boolean {
  return error instanceof CliError && error.exitCode === EXIT_CODES.unavailable;
}
