import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** A file to upload: where it is on this computer, and its place inside the content. */
export interface LocalFile {
  readonly source: string;
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  /** When it was last written to, in milliseconds: it is not to change until it is sent. */
  readonly modifiedAt: number;
  /** It is a pack of this many files. */
  readonly pack?: { readonly files: number };
}

/** Something in a folder that is no folder. */
export interface FoundEntry {
  readonly source: string;
  readonly path: string;
  readonly stats: Stats;
}

/**
 * Everything below a folder that is no folder, in the order in which a pack has it. Of a million of them the names of one folder, and of those that it is
 * in, are in memory.
 *
 * @throws CliError `content.file-name`, and the system's errors
 */
export function* walkFolder(folder: string, prefix = ''): Generator<FoundEntry> {
  for (const name of namesIn(folder)) {
    const source = join(folder, name);
    const path = prefix === '' ? name : `${prefix}/${name}`;
    const stats = lstatSync(source);
    if (stats.isDirectory()) yield* walkFolder(source, path);
    else yield { source, path, stats };
  }
}

function namesIn(folder: string): string[] {
  // Sorted as packOrder has it: by names without their case.
  const names = readdirSync(folder, { encoding: 'buffer' }).map((bytes) => {
    const name = decodeName(bytes, folder);
    return { name, key: name.toLowerCase() };
  });
  return names.sort((a, b) => (a.key < b.key || (a.key === b.key && a.name < b.name) ? -1 : 1)).map(({ name }) => name);
}

/** @throws CliError `content.symlink`, `content.special-file` */
export function localFile({ source, path, stats }: FoundEntry): LocalFile {
  if (stats.isSymbolicLink()) {
    throw new CliError(
      'content.symlink',
      `${source} is a symbolic link; content holds plain files only: replace it by the file, or remove it`,
      EXIT_CODES.usage,
    );
  }
  if (!stats.isFile()) {
    throw new CliError(
      'content.special-file',
      `${source} is a ${specialName(stats)}; content holds plain files only: remove it`,
      EXIT_CODES.usage,
    );
  }
  return { source, path, size: stats.size, executable: (stats.mode & 0o111) !== 0, modifiedAt: stats.mtimeMs };
}

function specialName(stats: Stats): string {
  if (stats.isFIFO()) return 'named pipe';
  if (stats.isSocket()) return 'socket';
  return 'device';
}

/** File names are bytes to the system; in content they are text. */
function decodeName(bytes: Buffer, folder: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError(
      'content.file-name',
      `${folder} has a file whose name is not UTF-8 ("${bytes.toString('latin1')}"): rename it`,
      EXIT_CODES.usage,
    );
  }
}
