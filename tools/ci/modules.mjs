import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, progress, repository, runQuietly } from './run.mjs';

const lockFile = join(repository, 'package-lock.json');
const modules = join(repository, 'node_modules');
/** Which lock file the installed modules belong to. */
const stampFile = join(modules, '.muster-stamp');
/** npm's own record, written at the end of an installation. */
const installedLock = join(modules, '.package-lock.json');

/** Runs `npm ci` unless the modules of this lock file are installed. */
export async function installModules() {
  const wanted = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  if (!installedByHand()) {
    const { exitCode, output } = await progress('installing packages (npm ci)', () =>
      runQuietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
    );
    if (exitCode !== 0) throw new Failure(`npm ci failed\n${output}`);
  }
  writeFileSync(stampFile, wanted);
}

/** Somebody ran npm after the lock file changed last: nothing to do again. */
function installedByHand() {
  return (
    !existsSync(stampFile) && existsSync(installedLock) && statSync(installedLock).mtimeMs >= statSync(lockFile).mtimeMs
  );
}
