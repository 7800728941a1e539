import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, startOf } from '../journal/folder-lock.js';

/** Of the service manager; who may makes it where it is missing. Others may pass it: steps can run as them. */
const runtimeFolder = '/run/muster';

const prefix = 'muster-tsenv';
const pattern = /^muster-tsenv-(\d+)-(\d*)-\w{6}$/;

/** Systems hold the path of a socket in 104 bytes or more. */
const longestSocketPath = 100;
const socketNameLength = 16;

/**
 * Folder for the sockets of one run, for this user only. Its name tells whose it is: process id and start time, so that what
 * a killed agent left can be removed without asking anybody.
 */
export class SocketFolder {
  private made: string | undefined;

  /** `bases`: where to make it, the first that can be used. */
  constructor(private readonly bases: readonly string[] = [runtimeFolder, tmpdir(), '/tmp']) {}

  /** Makes it on first use; what killed agents of this user left is removed then. Undefined when there is no place for it. */
  get path(): string | undefined {
    if (this.made !== undefined) return this.made;
    for (const base of this.bases) {
      this.made = makeIn(base);
      if (this.made !== undefined) break;
    }
    return this.made;
  }

  /** Removes it with all that is in it; it can be made again. */
  remove(): void {
    try {
      if (this.made !== undefined) rmSync(this.made, { recursive: true, force: true });
    } catch {
      // The next run removes what this one could not.
    }
    this.made = undefined;
  }
}

function makeIn(base: string): string | undefined {
  const start = join(base, `${prefix}-${process.pid}-${startOf(process.pid) ?? ''}-`);
  if (Buffer.byteLength(start) + 'XXXXXX/'.length + socketNameLength >= longestSocketPath) return undefined;
  try {
    if (base === runtimeFolder) makeRuntimeFolder();
    removeStale(base);
    return mkdtempSync(start);
  } catch {
    return undefined;
  }
}

function makeRuntimeFolder(): void {
  try {
    mkdirSync(runtimeFolder);
    chmodSync(runtimeFolder, 0o711);
  } catch {
    // There already, or not for us: making a folder in it tells.
  }
}

/** Folders whose agent is dead. Those of other users are theirs. */
function removeStale(base: string): void {
  for (const name of readdirSync(base)) {
    const [, pid, start] = pattern.exec(name) ?? [];
    if (pid === undefined || isAlive(`${pid} ${start ?? ''}`)) continue;
    const path = join(base, name);
    try {
      const about = lstatSync(path);
      if (about.isDirectory() && about.uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another agent was faster.
    }
  }
}
