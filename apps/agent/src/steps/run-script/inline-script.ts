import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reasonOf } from '../../journal/journal-error.js';
import type { Account } from '../run-command-line/run-as.js';
import { makePrivateFolder } from '../run-command-line/private-folder.js';
import { StepError } from '../step-error.js';

/** A script that was written to a file for as long as its step runs. */
export interface ScriptFile {
  readonly path: string;
  remove(): void;
}

/** Other users may pass it and not list it. */
const runtimeFolder = '/run/muster';
const prefix = 'muster-script-';

/**
 * Writes an inline script into a folder of its own, for the user that runs it and nobody else: in the run's folder, or, for
 * another account, which cannot go there, in /run/muster (else the folder for temporary files). The folder stays the agent's.
 *
 * @throws StepError `step.script-not-writable`
 */
export function writeScript(text: string, suffix: string, folder: string, account: Account | undefined): ScriptFile {
  try {
    const own = account ? mkdtempSync(join(passableFolder(), prefix)) : makePrivateFolder(folder, prefix);
    const path = join(own, `script${suffix}`);
    writeFileSync(path, text, { mode: 0o700, flag: 'wx' });
    if (account) {
      chownSync(path, account.uid, account.gid);
      chmodSync(own, 0o711);
    }
    return { path, remove: () => remove(own, path) };
  } catch (error) {
    const message = `the script cannot be written to a file: ${reasonOf(error)}`;
    throw new StepError('step.script-not-writable', message, { cause: error });
  }
}

function passableFolder(): string {
  try {
    mkdirSync(runtimeFolder, { recursive: true });
    chmodSync(runtimeFolder, 0o711);
    return runtimeFolder;
  } catch {
    return tmpdir();
  }
}

/** Never recursive: what is below may belong to somebody else. */
function remove(folder: string, path: string): void {
  try {
    rmSync(path, { force: true });
    rmdirSync(folder);
  } catch {
    // Python leaves nothing beside a script that it runs; what else lies there is in the way and stays.
  }
}
