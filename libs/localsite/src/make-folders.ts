import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorCode } from './up-error.js';

/**
 * Makes a folder and whatever is missing above it, as `mkdir -p` does; nothing where it is there. Throws the system's error.
 * Node's own recursive mkdir never returns where a folder refuses children with ENOENT (/proc).
 */
export function makeFolders(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if (isFolder(folder)) return;
    const parent = dirname(folder);
    if (systemErrorCode(error) !== 'ENOENT' || parent === folder || isFolder(parent)) throw error;
    makeFolders(parent, mode);
    makeFolders(folder, mode);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
