/** Codes of everything that can keep a site from starting; docs/errors lists them. */
export const upErrorCodes = [
  'up.layout-version',
  'up.damaged-site-file',
  'up.not-writable',
  'up.already-running',
  'up.port-in-use',
  'up.nats-missing',
  'up.postgres-missing',
  'up.postgres-initdb',
  'up.setpriv-missing',
  'up.not-built',
  'up.child-failed',
] as const;

export type UpErrorCode = (typeof upErrorCodes)[number];

/** A failure of `muster up` that a user can act on: one line that says what, where and what would be right. */
export class UpError extends Error {
  override readonly name = 'UpError';

  constructor(
    readonly code: UpErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The `code` of a failed system call (`EACCES`, `EADDRINUSE`, …), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
