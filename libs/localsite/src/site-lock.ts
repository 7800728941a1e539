import { createHash } from 'node:crypto';
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
    while (!claim(lockFile, mine, lockFile));
  } finally {
    rmSync(mine, { force: true });
  }
  let held = true;
  return () => {
    if (held) rmSync(lockFile, { force: true });
    held = false;
  };
}

/**
 * Gives our file the name `path`, also where a dead process has it; false when another starter got in between.
 *
 * A dead lock cannot simply be moved away: it may be a quicker starter's live lock by then. It may be replaced only by who has
 * the right to succeed it, a lock as this one, named after what is succeeded. Who dies with it is succeeded in the same way.
 */
function claim(path: string, mine: string, lockFile: string): boolean {
  if (done(() => linkSync(mine, path), 'EEXIST')) return true;
  const text = readIfPresent(path);
  if (text === undefined) return false;
  const holder = parseHolder(text);
  if (holder !== null && isAlive(holder)) {
    throw new UpError(
      'up.already-running',
      `another muster up (process ${holder.pid}) already runs on ${dirname(lockFile)}: stop it, or choose another folder with --data`,
    );
  }
  const right = `${lockFile}.${createHash('sha256').update(text).digest('hex').slice(0, 32)}.next`;
  if (!claim(right, mine, lockFile)) return false;
  let replaced = false;
  try {
    // Looked at again now that nobody else may replace it.
    replaced = readIfPresent(path) === text && done(() => renameSync(right, path), 'ENOENT');
  } finally {
    if (!replaced) rmSync(right, { force: true });
  }
  return replaced;
}

/** Was it done? False for the failure that is foreseen, others are thrown. */
function done(act: () => void, foreseen: string): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (systemErrorCode(error) === foreseen) return false;
    throw error;
  }
}

function readIfPresent(path: string): string | undefined {
  let text: string | undefined;
  done(() => (text = readFileSync(path, 'utf8')), 'ENOENT');
  return text;
}

function parseHolder(text: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const { pid, startTicks } = value as Partial<ProcessIdentity>;
    return typeof pid === 'number' ? { pid, startTicks: typeof startTicks === 'number' ? startTicks : null } : null;
  } catch {
    return null;
  }
}
