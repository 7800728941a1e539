import { realpathSync, statSync, type Stats } from 'node:fs';
import { basename, resolve } from 'node:path';
import { manifestSchema, MOST_MANIFEST_BYTES } from '@muster/contracts/agent/content.js';
import { MOST_PACKED_FILES } from '@muster/contracts/agent/pack.js';
import { CliError, reasonOf } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { LARGE_FILE_BYTES } from './chunks/scan-large-file.js';
import { localFile, type LocalFile, walkFolder } from './walk-folder.js';

/** Of more small files than this a pack is made: a blob for each costs every place a request, and a row. */
export const MOST_LISTED_FILES = 10_000;
/** At most this many of what is refused are told at once. */
const MOST_REFUSED = 20;
/** Of a file's entry in the list of files, beside its path. */
const ENTRY_BYTES = 108;

/** What is to be uploaded. */
export interface FoundFiles {
  /** Sorted by path. Without the small ones where they are to be packed. */
  readonly files: LocalFile[];
  /** The small files of this folder are so many that a pack is to be made of them. */
  readonly packed: SmallFiles | undefined;
}

export interface SmallFiles {
  readonly root: string;
  readonly count: number;
  readonly bytes: number;
}

/**
 * Every file below a folder, or the one file. Content is plain files: links, devices, sockets and pipes are refused, all together.
 * Throws CliError `content.not-readable`, `content.too-many-files`, `content.empty`, `content.symlink`,
 * `content.special-file`, `content.file-name`, `content.invalid-path`.
 */
export function findFiles(root: string): FoundFiles {
  try {
    const top = statSync(root);
    return top.isDirectory() ? findInFolder(root) : { files: [oneFile(root, top)], packed: undefined };
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('content.not-readable', `cannot read ${root}: ${reasonOf(cause)}`, EXIT_CODES.usage, { cause });
  }
}

/** What somebody names may be a link; what lies in a folder may not. */
function oneFile(root: string, stats: Stats): LocalFile {
  const file = localFile({ source: realpathSync(root), path: basename(resolve(root)), stats });
  checkPaths(root, [file]);
  return file;
}

/** Files of one kind: all of them are counted, and kept while they may be listed. */
class Files {
  kept: LocalFile[] = [];
  count = 0;
  bytes = 0;
  listBytes = 0;

  add(file: LocalFile, keep: boolean): void {
    this.count += 1;
    this.bytes += file.size;
    this.listBytes += ENTRY_BYTES + Buffer.byteLength(file.path);
    if (keep) this.kept.push(file);
    else this.kept = [];
  }
}

function findInFolder(root: string): FoundFiles {
  const small = new Files();
  const large = new Files();
  const refused: CliError[] = [];
  const isMany = (): boolean =>
    small.count > MOST_LISTED_FILES || small.listBytes + large.listBytes > MOST_MANIFEST_BYTES;
  for (const entry of walkFolder(root)) {
    try {
      const file = localFile(entry);
      if (file.size < LARGE_FILE_BYTES) small.add(file, !isMany());
      else large.add(file, true);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (refused.length < MOST_REFUSED) refused.push(error);
    }
    if (large.listBytes > MOST_MANIFEST_BYTES || small.count > MOST_PACKED_FILES)
      throw tooMany(small, large, entry.source);
  }
  const [first, ...others] = refused;
  if (first) {
    const details = others.map(({ message }) => message);
    throw new CliError(first.code, first.message, first.exitCode, { details });
  }
  if (small.count + large.count === 0) {
    throw new CliError('content.empty', `there is no file in ${root}: content has at least one`, EXIT_CODES.usage);
  }
  const packed = isMany() ? { root, count: small.count, bytes: small.bytes } : undefined;
  const files = [...large.kept, ...(packed ? [] : small.kept)].sort((a, b) => (a.path < b.path ? -1 : 1));
  checkPaths(root, files);
  return { files, packed };
}

function tooMany(small: Files, large: Files, source: string): CliError {
  return new CliError(
    'content.too-many-files',
    `there is no room for ${source} after ${large.count} files of ${LARGE_FILE_BYTES} bytes or more and ${small.count} smaller ones: a version has at most ${MOST_PACKED_FILES} small files, and a list of ${MOST_MANIFEST_BYTES} bytes of the others. Make several packages of them`,
    EXIT_CODES.usage,
  );
}

/** The server's own rules, before anything is hashed or sent. */
function checkPaths(root: string, files: readonly LocalFile[]): void {
  const digest = `sha256:${'0'.repeat(64)}`;
  const result = manifestSchema.safeParse({ files: files.map(({ path, size }) => ({ path, size, digest })) });
  const issue = result.error?.issues[0];
  if (issue === undefined) return;
  const file = files[Number(issue.path[1])];
  throw new CliError(
    'content.invalid-path',
    `${file?.source ?? root} cannot be content: ${issue.message}`,
    EXIT_CODES.usage,
  );
}
