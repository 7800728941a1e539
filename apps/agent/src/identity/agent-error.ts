/** A failure that a user or a log reader sees: stable dotted code, what is wrong, where, and what would be right. */
export class AgentError extends Error {
  override readonly name = 'AgentError';

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Code and message of any failure on one line, for logs and users; never a stack. */
export function describeError(error: unknown): { code: string; message: string } {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'agent.bug';
  if (code.includes('.')) return { code, message };
  // Codes of the system (ENOSPC) and of libraries are not ours to promise; their messages name them.
  return { code: /^E[A-Z0-9]+$/.test(code) ? 'agent.system-error' : 'agent.bug', message };
}
