import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../journal/journal-error.js';

/** Makes the names inside a folder durable; some file systems refuse this for folders and need it not. */
export function syncFolder(path: string): void {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    fsyncSync(file);
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EACCES', 'EISDIR'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Replaces a file: a reader, and a crash at any moment, sees the old text or the new one, never a mixture.
 * Durable on return. For the owner only (0600).
 */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      const bytes = Buffer.from(text, 'utf8');
      for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Removes what replacements left behind that a crash cut short. Only for a folder that nobody else writes in. */
export function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/\.[0-9a-f]{12}\.new$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

/** The text of a file, undefined when there is none. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
