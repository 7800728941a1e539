import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolders } from './make-folders.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';
import { systemErrorCode, UpError } from './up-error.js';

/** Releases the lock; a second call does nothing. */
export type ReleaseLock = () => void;

/**
 * Makes this process the only `muster up` on a data folder. The lock of a process that is gone is taken over.
 * Throws `up.already-running`, naming the process that holds it, and `up.not-writable`.
 */
export function lockSite(lockFile: string): ReleaseLock {
  const mine = `${lockFile}.${process.pid}`;
  try {
    makeFolders(dirname(lockFile), 0o711);
    writeFileSync(mine, JSON.stringify(identify(process.pid)), { mode: 0o644 });
  } catch (cause) {
    throw new UpError(
      'up.not-writable',
      `the data folder ${dirname(lockFile)} cannot be written (${systemErrorCode(cause) ?? 'unknown'}): give write permission, or choose another folder with --data`,
      { cause },
    );
  }
  try {
    // A link appears with its content, so nobody ever reads half a lock.
    while (!tryLink(mine, lockFile)) clearStale(lockFile);
  } finally {
    rmSync(mine, { force: true });
  }
  let held = true;
  return () => {
    if (held) rmSync(lockFile, { force: true });
    held = false;
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function clearStale(lockFile: string): void {
  const holder = readHolder(lockFile);
  if (holder !== null && isAlive(holder)) {
    throw new UpError(
      'up.already-running',
      `another muster up (process ${holder.pid}) already runs on ${dirname(lockFile)}: stop it, or choose another folder with --data`,
    );
  }
  // Moving it aside first lets only one of two starters remove it.
  const aside = `${lockFile}.stale.${process.pid}`;
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  rmSync(aside, { force: true });
}

function readHolder(lockFile: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(readFileSync(lockFile, 'utf8'));
    if (typeof value !== 'object' || value === null) return null;
    const { pid, startTicks } = value as Partial<ProcessIdentity>;
    return typeof pid === 'number' ? { pid, startTicks: typeof startTicks === 'number' ? startTicks : null } : null;
  } catch {
    return null;
  }
}
