import { createHash } from 'node:crypto';
import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MOST_PACKED_BYTES, packBeginning, PackError, packHeader, readPack } from '@muster/contracts/agent/pack.js';
import { PackedPaths } from '@muster/contracts/agent/packed-paths.js';
import type { Digest } from '@muster/contracts/digest.js';
import { systemCode } from '../journal/journal-error.js';
import { digestOfHash } from './file-digest.js';
import { readPieces } from './join-pieces.js';
import type { Piece } from './known-extents.js';

/** Of a pack, what is laid out without a pause: some hundred files, between two looks at everything else. */
const stepBytes = 128 * 1024;

/**
 * Lays the files of a pack out in a folder, and returns the digest of the pack that they were read from. What is no pack is laid out as
 * far as it goes: the digest tells. The files are small and many, so each is written in one go: four calls of the system, and none waits in a queue.
 *
 * @param beside paths of the version's other files, which are never written to
 */
export async function unpack(
  folder: string,
  pieces: readonly Piece[],
  beside: readonly string[],
  signal: AbortSignal,
): Promise<Digest> {
  const hash = createHash('sha256');
  const bytes = (async function* () {
    for await (const some of readPieces(pieces, stepBytes, signal)) {
      hash.update(some);
      yield some;
    }
  })();
  const paths = new PackedPaths(beside);
  const folders = new Set([folder]);
  try {
    for await (const { path, executable, content } of readPack(bytes)) {
      const problem = paths.problemOf(path);
      if (problem !== undefined) throw new PackError(`${JSON.stringify(path)} ${problem}`);
      const target = join(folder, path);
      const parent = dirname(target);
      if (!folders.has(parent)) {
        mkdirSync(parent, { recursive: true, mode: 0o755 });
        folders.add(parent);
      }
      writeFile(target, content, executable ? 0o555 : 0o444);
    }
  } catch (error) {
    if (!(error instanceof PackError)) throw error;
    return 'sha256:no pack';
  }
  return digestOfHash(hash);
}

/**
 * The digest that a pack of the files of a folder has, which is that of the pack they came from when nothing of them was changed. Undefined when it
 * is no such folder, or has another number of files.
 *
 * @param beside paths of files that are not of the pack
 */
export async function digestOfPacked(
  folder: string,
  expectedFiles: number,
  beside: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  const hash = createHash('sha256').update(packBeginning());
  let files = 0;
  let pending = 0;
  for await (const path of pathsIn(folder, '')) {
    if (beside.has(path)) continue;
    const found = readFile(join(folder, path));
    files += 1;
    if (!found || files > expectedFiles) return undefined;
    hash.update(packHeader({ path, size: found.content.length, executable: found.executable }));
    hash.update(found.content);
    pending += found.content.length + 256;
    if (pending < stepBytes) continue;
    pending = 0;
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return files === expectedFiles ? digestOfHash(hash) : undefined;
}

/** Paths of everything below a folder that is no folder, in the order of a pack. */
async function* pathsIn(folder: string, prefix: string): AsyncGenerator<string> {
  const entries = (await readdir(folder, { withFileTypes: true })).map((entry) => ({
    name: entry.name,
    isFolder: entry.isDirectory(),
    key: entry.name.toLowerCase(),
  }));
  entries.sort((a, b) => (a.key < b.key || (a.key === b.key && a.name < b.name) ? -1 : 1));
  for (const { name, isFolder } of entries) {
    const path = `${prefix}${name}`;
    if (isFolder) yield* pathsIn(join(folder, name), `${path}/`);
    else yield path;
  }
}

function writeFile(path: string, content: Buffer, mode: number): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let done = 0; done < content.length;) done += writeSync(file, content, done);
    fchmodSync(file, mode);
  } finally {
    closeSync(file);
  }
}

/** Undefined when it is no plain file, or larger than a pack has any. */
function readFile(path: string): { content: Buffer; executable: boolean } | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > MOST_PACKED_BYTES) return undefined;
    const content = Buffer.allocUnsafe(stats.size);
    let done = 0;
    for (let read = -1; done < content.length && read !== 0;) {
      read = readSync(file, content, done, content.length - done, done);
      done += read;
    }
    return done === stats.size ? { content, executable: (stats.mode & 0o100) !== 0 } : undefined;
  } finally {
    closeSync(file);
  }
}
