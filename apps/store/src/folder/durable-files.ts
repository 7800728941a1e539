import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../start-error.js';

/** Makes the names inside a folder durable: created, renamed and removed entries survive a power loss afterwards. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; NTFS journals its names.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates a file with the given text and returns when its bytes are on disk. Its name is not durable yet. */
export async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Moves a durable file into place, replacing what is there, and returns when the new name is durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Removes a file; one that is not there is as good. */
export async function removeIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
