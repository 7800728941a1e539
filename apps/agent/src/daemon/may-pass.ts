import { JournalError, systemCode } from '../journal/journal-error.js';

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

/** Can the same work later, without anybody touching our files? A full disk, a lock that is held; not a damaged journal. */
export function mayPass(error: unknown): boolean {
  if (error instanceof JournalError) return error.code !== 'journal.version' && error.code !== 'journal.corrupt';
  return passing.has(systemCode(error) ?? '');
}
