import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Digest } from '@muster/contracts/digest.js';
import { systemCode } from '../journal/journal-error.js';
import { digestOfHash } from './file-digest.js';
import type { Piece } from './known-extents.js';

const bufferBytes = 1024 * 1024;

/**
 * Writes pieces of files one behind the other into a new file, and returns the digest of what was written. A piece that
 * ends early, or whose file is gone, is written as far as it goes: the digest tells.
 */
export async function joinPieces(target: string, pieces: readonly Piece[], signal: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  const out = await open(target, 'wx', 0o600);
  try {
    for await (const bytes of readPieces(pieces, bufferBytes, signal)) {
      hash.update(bytes);
      await writeWhole(out, bytes);
    }
  } finally {
    await out.close();
  }
  return digestOfHash(hash);
}

/**
 * The bytes of pieces of files, one behind the other, as far as they are there. What is handed out is good until the next is asked for.
 *
 * @param most bytes that are handed out at once
 */
export async function* readPieces(pieces: readonly Piece[], most: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(most);
  let source: { path: string; file: FileHandle | undefined } | undefined;
  try {
    for (const { path, offset, size } of pieces) {
      if (source?.path !== path) {
        await source?.file?.close();
        source = undefined;
        source = { path, file: await openFile(path) };
      }
      for (let done = 0; source.file && done < size;) {
        signal.throwIfAborted();
        const { bytesRead } = await source.file.read(buffer, 0, Math.min(most, size - done), offset + done);
        if (bytesRead === 0) break;
        yield buffer.subarray(0, bytesRead);
        done += bytesRead;
      }
    }
  } finally {
    await source?.file?.close();
  }
}

/** Undefined when there is none. A pipe in its place is not waited for, a link not followed. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** A full disk takes a part; the rest says why. */
async function writeWhole(out: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await out.write(bytes, done)).bytesWritten;
}
