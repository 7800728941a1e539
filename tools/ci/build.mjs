import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, progress, repository, runQuietly } from './run.mjs';

/** Folders of sources. */
export const sources = ['apps', 'libs', 'tools', 'test'];
const settings = ['package.json', 'swc.build.json', 'package-lock.json'];
/** What the build writes. */
export const dist = join(repository, 'dist');
/** Which sources `dist` was built from; missing while it is built. */
export const stampFile = join(dist, '.muster-stamp');

/** Builds when a source is not the one that `dist` was built from; files of removed sources go away. */
export async function build() {
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sourceStamp()) return;
  rmSync(dist, { recursive: true, force: true });
  const { exitCode, output } = await progress('building', () => runQuietly('npm', ['run', '-s', 'build']));
  if (exitCode !== 0) throw new Failure(`the build failed\n${output}`);
}

/** Names, sizes and times of everything the build reads. */
export function sourceStamp() {
  const hash = createHash('sha256');
  const files = [...settings];
  for (const folder of sources) {
    for (const entry of readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.push(join(entry.parentPath ?? entry.path, entry.name).slice(repository.length + 1));
    }
  }
  for (const file of files.sort()) {
    const { size, mtimeMs } = statSync(join(repository, file));
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}
