/**
 * A reason why the store cannot start. `main` prints `code: message` as one line and exits with 1;
 * everything else that is thrown while starting is a bug.
 */
export class StartError extends Error {
  override name = 'StartError';

  /**
   * @param code stable dotted code, e.g. `store.layout-version`
   * @param message one line: what, where, and what would be right
   */
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The `code` of a Node system error (`ENOSPC`, `EADDRINUSE`, …), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
