import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ManifestFile } from '@muster/contracts/agent/content.js';
import { type FileRange, rangesOfBlob } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import { CliError, reasonOf } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { FILE_CUTTING, PACK_CUTTING } from './chunks/cutting.js';
import { LARGE_FILE_BYTES, scanLargeFile } from './chunks/scan-large-file.js';
import { inParallel } from './in-parallel.js';
import type { PriorVersion } from './prior-version.js';
import type { LocalFile } from './walk-folder.js';

/** Bytes that the library may not have: parts of a file on this computer, or some that were made here. */
export interface UploadBlob {
  readonly file: LocalFile;
  readonly size: number;
  readonly source: readonly FileRange[] | Buffer;
}

/** The files as a version names them, and the blobs that can be sent. */
export interface ReadFiles {
  readonly files: ManifestFile[];
  readonly blobs: ReadonlyMap<Digest, UploadBlob>;
}

const readsAtOnce = 4;
const readBytes = 1024 * 1024;

/**
 * Reads every file and says how it is stored.
 *
 * @throws CliError `content.not-readable`, `content.changed`
 */
export async function readFiles(
  local: readonly LocalFile[],
  prior: PriorVersion,
  onBytes: (bytes: number) => void,
): Promise<ReadFiles> {
  const files: ManifestFile[] = [];
  const blobs = new Map<Digest, UploadBlob>();
  const take = async (file: LocalFile, index: number): Promise<void> => {
    const { path, size, executable, pack } = file;
    const common = { path, size, ...(executable ? { executable } : {}), ...(pack ? { pack } : {}) };
    const handle = await openUnchanged(file);
    try {
      if (size < LARGE_FILE_BYTES) {
        const digest = await hashFile(handle, onBytes);
        blobs.set(digest, { file, size, source: [{ offset: 0, size }] });
        files[index] = { ...common, digest };
      } else {
        const scanned = await scanLargeFile(handle, await prior.chunks(), pack ? PACK_CUTTING : FILE_CUTTING, onBytes);
        const stored = prior.find(scanned.digest, size) ?? scanned.stored;
        files[index] = { ...common, digest: scanned.digest, stored };
        // Those of an older version too, where this file has all of their bytes: the library may have lost them.
        stored.blobs.forEach((blob, place) => {
          const source = rangesOfBlob(stored, place);
          if (source) blobs.set(blob.digest, { file, size: blob.size, source });
        });
        const list = scanned.stored.chunks;
        if (list) blobs.set(list.digest, { file, size: list.size, source: scanned.chunkList });
      }
      await requireUnchanged(handle, file);
    } finally {
      await handle.close();
    }
  };
  const numbered = local.map((file, index) => ({ file, index }));
  await inParallel(numbered, readsAtOnce, ({ file, index }) => take(file, index));
  return { files, blobs };
}

/** Opens a file that is still the one that was found: no link in its place, not longer, not written to. */
export async function openUnchanged(file: LocalFile): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    // A pack that was made here has no name, and is reached by what is a link.
    handle = await open(file.source, constants.O_RDONLY | (file.pack ? 0 : constants.O_NOFOLLOW));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ELOOP') throw changed(file);
    throw new CliError('content.not-readable', `cannot read ${file.source}: ${reasonOf(cause)}`, EXIT_CODES.usage, {
      cause,
    });
  }
  try {
    await requireUnchanged(handle, file);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

/** @throws CliError `content.changed` */
export async function requireUnchanged(handle: FileHandle, file: LocalFile): Promise<void> {
  const { size, mtimeMs } = await handle.stat();
  if (size !== file.size || mtimeMs !== file.modifiedAt) throw changed(file);
}

export function changed({ source }: LocalFile): CliError {
  return new CliError(
    'content.changed',
    `${source} changed while it was uploaded: upload again when nobody writes to it`,
    EXIT_CODES.conflict,
  );
}

async function hashFile(handle: FileHandle, onBytes: (bytes: number) => void): Promise<Digest> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(readBytes);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, readBytes, null);
    if (bytesRead === 0) return `sha256:${hash.digest('hex')}`;
    hash.update(buffer.subarray(0, bytesRead));
    onBytes(bytesRead);
  }
}
