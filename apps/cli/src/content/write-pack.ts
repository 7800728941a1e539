import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACK_PATH, packBeginning, packHeader } from '@muster/contracts/agent/pack.js';
import { PackedPaths } from '@muster/contracts/agent/packed-paths.js';
import { CliError, reasonOf, systemCode } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { LARGE_FILE_BYTES } from './chunks/scan-large-file.js';
import type { SmallFiles } from './find-files.js';
import { changed } from './read-files.js';
import { localFile, type LocalFile, walkFolder } from './walk-folder.js';

const BATCH_BYTES = 1024 * 1024;

/** A pack on this computer, until it is removed. */
export interface WrittenPack {
  readonly file: LocalFile;
  remove(): Promise<void>;
}

/**
 * Makes a pack of the small files of a folder, beside its large ones. It takes room in the system's folder for temporary files; what becomes of the
 * files meanwhile changes nothing of it. Memory: a file and a megabyte.
 *
 * @throws CliError `content.changed`, `content.not-readable`, `content.invalid-path`, `content.no-room-to-pack`
 */
export async function writePack(
  small: SmallFiles,
  large: readonly LocalFile[],
  onBytes: (bytes: number) => void,
): Promise<WrittenPack> {
  const place = await temporaryFile();
  try {
    await writeFiles(place.file, small, large, onBytes);
    const { size, mtimeMs: modifiedAt } = await place.file.stat();
    const pack = { files: small.count };
    return {
      file: { source: place.path, path: PACK_PATH, size, executable: false, modifiedAt, pack },
      remove: place.remove,
    };
  } catch (error) {
    await place.remove();
    if (systemCode(error) !== 'ENOSPC') throw error;
    throw new CliError(
      'content.no-room-to-pack',
      `${tmpdir()} has no room for a pack of the ${small.count} small files of ${small.root} (${small.bytes} bytes): make room there, or name another folder by TMPDIR`,
      EXIT_CODES.failed,
      { cause: error },
    );
  }
}

/** Where there is /proc, a file that has no name from its beginning: whatever ends this process, nothing of it stays. */
async function temporaryFile(): Promise<{ file: FileHandle; path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-pack-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const named = join(folder, PACK_PATH);
  const file = await open(named, 'wx+', 0o600);
  const nameless = `/proc/self/fd/${file.fd}`;
  if (existsSync(nameless)) {
    await removeFolder();
    return { file, path: nameless, remove: () => file.close() };
  }
  const remove = async (): Promise<void> => {
    await file.close();
    await removeFolder();
  };
  return { file, path: named, remove };
}

async function writeFiles(
  out: FileHandle,
  small: SmallFiles,
  large: readonly LocalFile[],
  onBytes: (bytes: number) => void,
): Promise<void> {
  const beside = new Set(large.map(({ path }) => path));
  const paths = new PackedPaths([...beside]);
  let batch: Buffer[] = [packBeginning()];
  let batched = 0;
  let count = 0;
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(batch);
    batch = [];
    batched = 0;
    for (let done = 0; done < bytes.length;) done += (await out.write(bytes, done)).bytesWritten;
  };
  for (const entry of walkFolder(small.root)) {
    if (beside.has(entry.path)) continue;
    const file = localFile(entry);
    if (file.size >= LARGE_FILE_BYTES) throw changed(file);
    const problem = paths.problemOf(file.path);
    if (problem !== undefined)
      throw new CliError('content.invalid-path', `${file.source} cannot be content: it ${problem}`, EXIT_CODES.usage);
    batch.push(packHeader(file), readWhole(file));
    count += 1;
    batched += file.size + file.path.length;
    onBytes(file.size);
    if (batched >= BATCH_BYTES) await flush();
  }
  await flush();
  if (count !== small.count)
    throw new CliError(
      'content.changed',
      `${small.root} had ${small.count} small files, and ${count} when they were read: upload again when nobody writes to it`,
      EXIT_CODES.conflict,
    );
}

/** A file as it was found. @throws CliError `content.changed`, `content.not-readable` */
function readWhole(file: LocalFile): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file.source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (['ENOENT', 'ELOOP'].includes(systemCode(cause) ?? '')) throw changed(file);
    const message = `cannot read ${file.source}: ${reasonOf(cause)}`;
    throw new CliError('content.not-readable', message, EXIT_CODES.usage, { cause });
  }
  try {
    const bytes = Buffer.allocUnsafe(file.size);
    for (let done = 0; done < bytes.length;) {
      const read = readSync(descriptor, bytes, done, bytes.length - done, done);
      if (read === 0) throw changed(file);
      done += read;
    }
    const { size, mtimeMs } = fstatSync(descriptor);
    if (size !== file.size || mtimeMs !== file.modifiedAt) throw changed(file);
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}
