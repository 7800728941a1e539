import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StartError, systemCode } from '../start-error.js';
import { renameDurably, syncFolder, writeSynced } from './durable-files.js';

/** Version of everything below the store's folder. Another number on disk is never touched. */
export const LAYOUT_VERSION = 1;

const LAYOUT_FILE = 'layout.json';
const layoutSchema = z.object({ layoutVersion: z.number().int() });

/** Names that a new folder may hold before it becomes a store. */
const HARMLESS = new Set(['lost+found', 'lock', `${LAYOUT_FILE}.new`]);

/** 00 … ff: blobs and pointers are spread over these so that no folder grows without bound. */
export const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

/** Where things are. */
export interface Layout {
  /** Unfinished files; emptied at every start. */
  temporary: string;
  /** `blobs/<shard>/<id>`: bytes that never change once they are here. */
  blobs: string;
  /** `buckets/<name>/bucket.json` and `buckets/<name>/objects/<shard>/<file of the key>`: what is visible. */
  buckets: string;
}

/**
 * Checks that a folder is a store of our version, or empty. Changes nothing.
 * @throws StartError `store.layout-version`
 */
export async function checkLayout(folder: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(join(folder, LAYOUT_FILE), 'utf8');
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw notWritable(folder, cause);
    const strangers = (await names(folder)).filter((name) => !HARMLESS.has(name) && !name.startsWith('lock.'));
    if (strangers.length === 0) return;
    throw new StartError(
      'store.layout-version',
      `${folder} holds "${strangers[0]}" but no ${LAYOUT_FILE}: not a store; name an empty folder`,
    );
  }
  const found = versionIn(text);
  if (found !== LAYOUT_VERSION) {
    throw new StartError(
      'store.layout-version',
      `${folder} has layout version ${found ?? 'unknown'}, this program reads and writes version ${LAYOUT_VERSION}; ` +
        'run the program that wrote it or name another folder',
    );
  }
}

/**
 * Completes the folder: version file first, then the subfolders, then empties what unfinished writes left.
 * Call it with the lock held.
 * @throws StartError `store.not-writable`
 */
export async function prepareLayout(folder: string): Promise<Layout> {
  const layout = { temporary: join(folder, 'tmp'), blobs: join(folder, 'blobs'), buckets: join(folder, 'buckets') };
  try {
    const file = join(folder, LAYOUT_FILE);
    if (!(await names(folder)).includes(LAYOUT_FILE)) {
      await rm(`${file}.new`, { force: true });
      await writeSynced(`${file}.new`, `${JSON.stringify({ layoutVersion: LAYOUT_VERSION })}\n`);
      await renameDurably(`${file}.new`, file);
    }
    // A worker of the store before may not have noticed yet that its coordinator was killed, and begin one more file.
    await rm(layout.temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    await mkdir(layout.temporary, { mode: 0o700 });
    await mkdir(layout.buckets, { recursive: true, mode: 0o700 });
    await makeShards(layout.blobs);
    await syncFolder(folder);
  } catch (cause) {
    throw notWritable(folder, cause);
  }
  return layout;
}

/** Creates a folder with its 256 shards, durably. Existing ones are kept. */
export async function makeShards(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const present = new Set(await names(path));
  await Promise.all(SHARDS.filter((shard) => !present.has(shard)).map((shard) => mkdir(join(path, shard))));
  await syncFolder(path);
}

/** The refusal for a folder that cannot be used, naming the system's reason. */
export function notWritable(folder: string, cause: unknown): StartError {
  const reason = systemCode(cause) ?? String(cause);
  const message = `${folder} cannot be used (${reason}); it must be a folder that this user can read and write`;
  return new StartError('store.not-writable', message, { cause });
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder);
}

function versionIn(text: string): number | undefined {
  try {
    return layoutSchema.parse(JSON.parse(text)).layoutVersion;
  } catch {
    return undefined;
  }
}
