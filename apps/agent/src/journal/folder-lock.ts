import { createHash, randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { currentBootId } from '../facts/boot-id.js';
import { JournalError, reasonOf, systemCode } from './journal-error.js';

/** A try is repeated only when another process got on meanwhile, so that many are needed by nobody. */
const mostTries = 100;

/**
 * Keeps two agents out of one run folder: a file `lock` that names its owner. A lock whose owner died is taken over.
 * Needs a file system with hard links: only they give a file its name and its whole text in one step.
 */
export class FolderLock {
  private constructor(
    private readonly path: string,
    private readonly text: string,
  ) {}

  /** @throws JournalError `journal.in-use` or `journal.not-writable`. */
  static take(folder: string): FolderLock {
    const path = join(folder, 'lock');
    const token = randomBytes(12).toString('hex');
    const text = `${process.pid} ${startOf(process.pid) ?? ''} ${token} ${currentBootId() ?? ''}`;
    const mine = `${path}.${token}.new`;
    try {
      for (let tries = 0; tries < mostTries; tries += 1) {
        writeIfAbsent(mine, text);
        if (!claim(path, mine)) continue;
        removeRemains(path);
        return new FolderLock(path, text);
      }
    } catch (error) {
      if (error instanceof JournalError) throw error;
      throw new JournalError(
        'journal.not-writable',
        `cannot write in ${folder}: ${reasonOf(error)}; a folder of this user is needed`,
        { cause: error },
      );
    } finally {
      removeQuietly(mine);
    }
    throw new JournalError('journal.in-use', `${folder} is wanted by several processes at once: try again`);
  }

  /** Gives the folder back; does nothing when that was done before. */
  release(): void {
    if (readIfPresent(this.path) === this.text) rmSync(this.path, { force: true });
  }
}

/**
 * Gives our file the name `path`, also where a dead process has it; false when another process got in between.
 *
 * A dead lock cannot simply be removed: it may be another one's live lock by then. So it may be replaced only by who has
 * the right to succeed it, a lock as this one, named after what is succeeded. No text comes twice, so that right is good
 * for nothing once the text is gone. Who dies with it is succeeded in the same way.
 *
 * @throws JournalError `journal.in-use` when a living process has the name or is about to have it
 */
function claim(path: string, mine: string): boolean {
  if (linkIfAbsent(mine, path)) return true;
  const text = readIfPresent(path);
  if (text === undefined) return false;
  if (isAlive(text)) {
    const message = `${dirname(path)} is in use by process ${text.split(' ')[0]}: wait for it, or choose another folder`;
    throw new JournalError('journal.in-use', message);
  }
  const right = successorOf(path, text);
  if (!claim(right, mine)) return false;
  let replaced = false;
  try {
    // Looked at again now that nobody else may replace it.
    replaced = readIfPresent(path) === text && renameIfPresent(right, path);
  } finally {
    if (!replaced) removeQuietly(right);
  }
  return replaced;
}

function successorOf(path: string, text: string): string {
  const hash = createHash('sha256')
    .update(`${basename(path)} ${text}`)
    .digest('hex')
    .slice(0, 24);
  return join(dirname(path), `lock.${hash}.next`);
}

/**
 * Removes what processes left behind that died while they wanted the lock. Only for its owner: nobody has a right to
 * succeed it, and who is on the way with a right to succeed an earlier one, or with a file of its own, only tries again.
 */
function removeRemains(path: string): void {
  const folder = dirname(path);
  try {
    for (const name of readdirSync(folder)) {
      if (/^lock\.[0-9a-f]{24}\.(new|next)$/.test(name)) rmSync(join(folder, name), { force: true });
    }
  } catch {
    // They are in nobody's way.
  }
}

/**
 * Is the process alive that wrote this? It is known by id, start time and boot: a reused process id is another process, and
 * after a power loss the same id may begin at the same tick. Locks of older agents name no boot.
 */
export function isAlive(text: string): boolean {
  const [id = '', start = '', , boot = ''] = text.split(' ');
  const pid = Number(id);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  const now = currentBootId();
  if (boot !== '' && now !== undefined && boot !== now) return false;
  const actual = startOf(pid);
  return actual === undefined ? hears(pid) : actual === start;
}

/** When a process started, in ticks of the kernel; empty for one that only waits to be reaped, undefined where that cannot be seen. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it may hold anything but ends in ")".
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : fields[19];
  } catch {
    return undefined;
  }
}

function hears(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** For what must not hide the reason of a failure: where nothing can be written, nothing can be removed. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Who takes the lock next removes it.
  }
}

function writeIfAbsent(path: string, text: string): void {
  done(() => writeFileSync(path, text, { flag: 'wx', mode: 0o600 }), 'EEXIST');
}

/** False when the name is taken, or when our file was cleared away. */
function linkIfAbsent(from: string, to: string): boolean {
  return done(() => linkSync(from, to), 'EEXIST', 'ENOENT');
}

function renameIfPresent(from: string, to: string): boolean {
  return done(() => renameSync(from, to), 'ENOENT');
}

function readIfPresent(path: string): string | undefined {
  let text: string | undefined;
  done(() => (text = readFileSync(path, 'utf8')), 'ENOENT');
  return text;
}

/** Was it done? False for the failures that are foreseen, others are thrown. */
function done(act: () => void, ...foreseen: readonly string[]): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (foreseen.includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}
