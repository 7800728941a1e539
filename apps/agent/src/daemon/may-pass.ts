import { JournalError, type JournalErrorCode, systemCode } from '../journal/journal-error.js';

const passing = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'EACCES',
  'EPERM',
  'ENOMEM',
  'EAGAIN',
]);

/** What no later time mends. A run whose journal is gone must not begin again. */
const lasting: ReadonlySet<JournalErrorCode> = new Set(['journal.version', 'journal.corrupt', 'journal.removed']);

/** Can the same work later, without anybody touching our files? A full disk, a lock that is held; not a damaged journal. */
export function mayPass(error: unknown): boolean {
  if (error instanceof JournalError) return !lasting.has(error.code);
  return passing.has(systemCode(error) ?? '');
}
