/**
 * `npm run build`: compiles apps, libs, tools and test into `dist`, puts each program into one file, and notes there which sources it
 * was built from, so that nobody builds it again for nothing or tests yesterday's programs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dist, sources, sourceStamp, stampFile } from './ci/build.mjs';
import { bundle } from './ci/bundle.mjs';
import { repository } from './ci/run.mjs';

/**
 * Removes built copies of files that are found by listing their folder: the compiler copies files and deletes none. A
 * migration that got another number would run twice, a service that moved to another .proto would be declared twice.
 */
function clearCopies() {
  const apps = join(dist, 'apps');
  const migrations = (existsSync(apps) ? readdirSync(apps) : []).map((app) => join(apps, app, 'migrations'));
  for (const folder of [...migrations, join(dist, 'libs', 'contracts', 'proto')])
    rmSync(folder, { recursive: true, force: true });
}

// What changes while the compiler reads is not what `dist` was built from.
const stamp = sourceStamp();
rmSync(stampFile, { force: true });
clearCopies();
const swc = join(repository, 'node_modules', '.bin', 'swc');
const settings = ['-d', 'dist', '--config-file', 'swc.build.json', '--copy-files', '--quiet'];
const { status } = spawnSync(swc, [...sources, ...settings], { cwd: repository, stdio: 'inherit' });
if (status === 0) {
  await bundle();
  mkdirSync(dist, { recursive: true });
  writeFileSync(stampFile, stamp);
}
process.exitCode = status ?? 1;
