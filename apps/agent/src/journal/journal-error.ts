/** What can be wrong with a run folder. */
export type JournalErrorCode =
  | 'journal.version'
  | 'journal.corrupt'
  | 'journal.removed'
  | 'journal.not-readable'
  | 'journal.not-writable'
  | 'journal.in-use';

/** A run folder that cannot be used; `message` says where and what would be right. */
export class JournalError extends Error {
  override readonly name = 'JournalError';

  constructor(
    readonly code: JournalErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The message of a failed system call, without a stack. */
export function reasonOf(error: unknown): string {
  return hasText(error, 'message') ? error.message : String(error);
}

/** The code of a failed system call, e.g. `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return hasText(error, 'code') ? error.code : undefined;
}

/** Looks at the field and not at the class: an error may come from another realm (vm, worker, test runner). */
function hasText<K extends string>(value: unknown, field: K): value is Record<K, string> {
  return typeof value === 'object' && value !== null && typeof (value as Record<K, unknown>)[field] === 'string';
}
