import { problemSchema } from '@muster/contracts/problem.js';
import { AgentError } from '../identity/agent-error.js';

const retryableStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);
/** A server that asks for more patience than this is asked again all the same. */
const longestRetryAfterSeconds = 300;

/** What the site answered instead of what was asked, or that it did not answer. */
export class ServerError extends AgentError {
  constructor(
    code: string,
    message: string,
    /** HTTP status; undefined when there was no whole answer. */
    readonly status: number | undefined,
    /** From Retry-After. */
    readonly retryAfterSeconds: number | undefined,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }

  /**
   * There is no such route: the site is older than this agent. Its guard, which asks for an API token wherever it knows of no route for
   * computers, calls the token of a session unknown, though it is good.
   */
  get isUnknownRoute(): boolean {
    return this.status === 404 || (this.status === 401 && this.code === 'auth.unknown-token');
  }

  /** Trying the same again later can help. */
  get retryable(): boolean {
    return this.status === undefined || retryableStatuses.has(this.status);
  }
}

/** A connection that could not be made, broke, or stayed silent. */
export function unreachable(what: string, cause: unknown): ServerError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  const reason = code ?? (cause instanceof Error ? cause.message : String(cause));
  return new ServerError('server.unreachable', `${what}: no answer (${reason})`, undefined, undefined, {
    cause,
  });
}

/** An answer with a status that is not success; carries the code of the problem document when there is one. */
export function refused(what: string, status: number, body: string, retryAfter: string | undefined): ServerError {
  const problem = problemSchema.safeParse(parseJson(body)).data;
  const code = problem && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(problem.code) ? problem.code : 'server.refused';
  const detail = (problem?.detail ?? problem?.title ?? 'no explanation').slice(0, 500).replaceAll(/\s+/g, ' ');
  return new ServerError(
    code,
    `${what}: the site answered ${status}: ${detail}`,
    status,
    retryAfterSeconds(retryAfter),
  );
}

/** Seconds of a Retry-After header, which is a number or a date. */
export function retryAfterSeconds(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), longestRetryAfterSeconds) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
