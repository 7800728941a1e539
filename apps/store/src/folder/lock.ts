import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { StartError, systemCode } from '../start-error.js';
import { notWritable } from './layout.js';

const ownerSchema = z.object({
  token: z.string(),
  pid: z.number().int(),
  host: z.string(),
  /** When the process started, in kernel ticks since `boot`; tells a process from a later one with its number. */
  startTicks: z.string(),
  boot: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;

const HEARTBEAT_SECONDS = 5;
/** A lock from another host (a container that is gone) counts as abandoned when its heartbeat is older than this. */
const ABANDONED_SECONDS = 30;

/**
 * The right to be the only process on a folder: a file `lock` naming its owner. Node has no flock, so the owner's
 * life is checked: on the same host by process number and start time, on another by the file's heartbeat.
 */
export class FolderLock {
  private constructor(
    private readonly path: string,
    private readonly owner: Owner,
    private readonly heartbeat: NodeJS.Timeout,
  ) {}

  /**
   * Takes the lock, also over from a dead owner.
   * @throws StartError `store.locked` when a living process has it, `store.not-writable` when it cannot be written
   */
  static async acquire(folder: string): Promise<FolderLock> {
    const path = join(folder, 'lock');
    const owner = self();
    const mine = `${path}.${owner.token}`;
    try {
      try {
        await writeFile(mine, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
        await takeOver(path, mine, folder);
      } finally {
        // On a full disk the name is there although its bytes are not.
        await done(unlink(mine), 'ENOENT');
      }
    } catch (cause) {
      if (cause instanceof StartError) throw cause;
      throw notWritable(folder, cause);
    }
    const heartbeat = setInterval(() => {
      const now = new Date();
      // A failing heartbeat is not a reason to stop serving: on this host the process number decides.
      utimes(path, now, now).catch(() => undefined);
    }, HEARTBEAT_SECONDS * 1000);
    heartbeat.unref();
    return new FolderLock(path, owner, heartbeat);
  }

  /** Gives the lock up if it is still ours. Synchronous, so that it can be the last thing a process does. */
  release(): void {
    clearInterval(this.heartbeat);
    try {
      if (parseOwner(readFileSync(this.path, 'utf8'))?.token === this.owner.token) unlinkSync(this.path);
    } catch {
      // Whoever starts next sees that we are dead.
    }
  }
}

async function takeOver(path: string, mine: string, folder: string): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    if (await claim(path, mine, folder)) return;
  }
  throw new StartError('store.locked', `${folder}: several processes are trying to start on it; start only one`);
}

/**
 * Gives our file the name `path`, also where a dead owner has it; false when another starter got in between.
 *
 * A dead lock cannot simply be moved away: it may be a quicker starter's live lock by then. It may be replaced only by who has
 * the right to succeed it, a lock as this one, named after what is succeeded. No text comes twice, so that right is good for
 * nothing once the text is gone; who dies with it is succeeded in the same way.
 *
 * @throws StartError `store.locked` when a living process has the name or is about to have it
 */
async function claim(path: string, mine: string, folder: string): Promise<boolean> {
  if (await done(link(mine, path), 'EEXIST')) return true;
  const text = await readIfPresent(path);
  if (text === undefined) return false;
  const holder = parseOwner(text);
  if (await isAlive(holder, path)) {
    const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
    throw new StartError('store.locked', `${folder} is in use by ${who}; a folder serves one process, stop it first`);
  }
  const right = join(folder, `lock.${createHash('sha256').update(text).digest('hex').slice(0, 32)}.next`);
  if (!(await claim(right, mine, folder))) return false;
  let replaced = false;
  try {
    // Looked at again now that nobody else may replace it.
    replaced = (await readIfPresent(path)) === text && (await done(rename(right, path), 'ENOENT'));
  } finally {
    if (!replaced) await done(unlink(right), 'ENOENT');
  }
  return replaced;
}

/** Was it done? False for the failure that is foreseen, others are thrown. */
async function done(act: Promise<void>, foreseen: string): Promise<boolean> {
  try {
    await act;
    return true;
  } catch (error) {
    if (systemCode(error) === foreseen) return false;
    throw error;
  }
}

async function isAlive(holder: Owner | undefined, path: string): Promise<boolean> {
  const me = self();
  if (holder && holder.host === me.host && holder.boot === me.boot) {
    return holder.startTicks === '' ? signals(holder.pid) : startTicks(holder.pid) === holder.startTicks;
  }
  // Same host, other boot: nothing survives a boot.
  if (holder && holder.host === me.host && holder.boot !== '' && me.boot !== '') return false;
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Infinity,
  );
  return age < ABANDONED_SECONDS * 1000;
}

function self(): Owner {
  return {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    startTicks: startTicks(process.pid),
    boot: readOrEmpty('/proc/sys/kernel/random/boot_id').trim(),
  };
}

/** Field 22 of /proc/PID/stat; empty where there is no such file. The name before it may hold anything but ends in ")". */
function startTicks(pid: number): string {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function signals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
