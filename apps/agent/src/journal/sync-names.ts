import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './journal-error.js';

/** Some file systems refuse this for folders and need it not; a folder that cannot be read or written has no new names of ours. */
const forgiven = ['EINVAL', 'EPERM', 'EACCES', 'EISDIR', 'EROFS', 'ENOSYS', 'ENOTSUP'];

/** Makes the names in a folder durable. */
export function syncFolder(folder: string): void {
  let file: number | undefined;
  try {
    file = openSync(folder, 'r');
    fsyncSync(file);
  } catch (error) {
    if (!forgiven.includes(systemCode(error) ?? '')) throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Makes the names on the whole way to a file durable. All of them and every time: which folders an earlier process made and did
 * not live to sync, nobody knows. Costs next to nothing where there is nothing to do.
 * @param path absolute
 */
export function syncNames(path: string): void {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    syncFolder(folder);
    if (dirname(folder) === folder) return;
  }
}
