import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JournalError, reasonOf, systemCode } from './journal-error.js';

/** Keeps two agents out of one run folder. A lock whose owner died is taken over. */
export class FolderLock {
  private constructor(private readonly path: string) {}

  /** @throws JournalError `journal.in-use` or `journal.not-writable`. */
  static take(folder: string): FolderLock {
    const path = join(folder, 'lock');
    const mine = identityOf(process.pid);
    for (let tries = 0; tries < 3; tries++) {
      try {
        writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
        return new FolderLock(path);
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') {
          throw new JournalError(
            'journal.not-writable',
            `cannot write in ${folder}: ${reasonOf(error)}; a folder of this user is needed`,
            { cause: error },
          );
        }
      }
      const owner = readOwner(path);
      const pid = Number(owner.split(' ')[0]);
      if (owner !== '' && pid > 0 && identityOf(pid) === owner) {
        throw new JournalError(
          'journal.in-use',
          `${folder} is in use by process ${pid}: wait for it, or choose another folder`,
        );
      }
      rmSync(path, { force: true });
    }
    throw new JournalError('journal.in-use', `${folder} is wanted by several processes at once: try again`);
  }

  release(): void {
    rmSync(this.path, { force: true });
  }
}

/** Process id and start time: a reused process id is another process. Empty for a dead one. */
function identityOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : `${pid} ${fields[19] ?? ''}`;
  } catch {
    return process.platform === 'linux' ? '' : aliveIdentity(pid);
  }
}

function aliveIdentity(pid: number): string {
  try {
    process.kill(pid, 0);
    return `${pid} `;
  } catch {
    return '';
  }
}

function readOwner(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
