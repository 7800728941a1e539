import { watch } from 'node:fs';
import { systemCode } from '../journal/journal-error.js';

/**
 * Calls back when something changes in a folder, until aborted. Where nothing can be watched (no watches left on this system), what is
 * new there waits for the next look.
 */
export function watchFolder(folder: string, changed: () => void, signal: AbortSignal): void {
  try {
    watch(folder, { signal }, changed).on('error', () => undefined);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}
