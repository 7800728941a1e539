import { lstatSync, opendirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { manifestSchema, MOST_MANIFEST_BYTES } from '@muster/contracts/agent/content.js';
import { CliError, reasonOf } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** A file to upload: where it is on this computer, and its place inside the content. */
export interface LocalFile {
  readonly source: string;
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  /** When it was last written to, in milliseconds: it is not to change until it is sent. */
  readonly modifiedAt: number;
}

/**
 * Every file below a folder, or the one file, sorted by path. Content is plain files: links, devices, sockets and pipes are
 * refused, and so is more than one version can have. Throws CliError `content.not-readable`, `content.too-many-files`, `content.empty`, `content.symlink`, `content.special-file`,
 * `content.file-name`, `content.invalid-path`.
 */
export function walkContent(root: string): LocalFile[] {
  let top: Stats;
  try {
    top = statSync(root);
  } catch (cause) {
    throw new CliError('content.not-readable', `cannot read ${root}: ${reasonOf(cause)}`, EXIT_CODES.usage, { cause });
  }
  const files: LocalFile[] = [];
  const refused: CliError[] = [];
  try {
    if (top.isDirectory()) walk(root, '', { files, refused, bytes: 0 });
    // What somebody names may be a link; what lies in a folder may not.
    else files.push(localFile(realpathSync(root), basename(resolve(root)), top));
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('content.not-readable', `cannot read ${root}: ${reasonOf(cause)}`, EXIT_CODES.usage, { cause });
  }
  const [first, ...others] = refused;
  if (first) {
    const details = others.map(({ message }) => message);
    throw new CliError(first.code, first.message, first.exitCode, { details });
  }
  if (files.length === 0) {
    throw new CliError('content.empty', `there is no file in ${root}: content has at least one`, EXIT_CODES.usage);
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  checkPaths(root, files);
  return files;
}

/** Files found so far, and about how many bytes their list has. */
interface Found {
  readonly files: LocalFile[];
  /** What is no plain file: the first of them, in the order found. */
  readonly refused: CliError[];
  bytes: number;
}

/** At most this many are told at once. */
const MOST_REFUSED = 20;
/** Of a file's entry in the list of files, beside its path. */
const ENTRY_BYTES = 108;

function walk(folder: string, prefix: string, found: Found): void {
  for (const bytes of namesIn(folder)) {
    const name = decodeName(bytes, folder);
    const source = join(folder, name);
    const stats = lstatSync(source);
    const path = prefix === '' ? name : `${prefix}/${name}`;
    if (stats.isDirectory()) walk(source, path, found);
    else {
      addFile(found, source, path, stats);
      found.bytes += ENTRY_BYTES + bytes.length + prefix.length;
      if (found.bytes > MOST_MANIFEST_BYTES) throw tooMany(found.files.length, source);
    }
  }
}

/** The names in a folder as they are read: of a million of them only some are in memory. */
function* namesIn(folder: string): Generator<Buffer> {
  // The types know names as text only.
  const entries = opendirSync(folder, { encoding: 'buffer' as BufferEncoding, bufferSize: 1000 });
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync())
      yield entry.name as unknown as Buffer;
  } finally {
    entries.closeSync();
  }
}

function addFile({ files, refused }: Found, source: string, path: string, stats: Stats): void {
  try {
    files.push(localFile(source, path, stats));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (refused.length < MOST_REFUSED) refused.push(error);
  }
}

function localFile(source: string, path: string, stats: Stats): LocalFile {
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

function tooMany(files: number, source: string): CliError {
  return new CliError(
    'content.too-many-files',
    `the list of files is full at file ${files}, ${source}: it has at most ${MOST_MANIFEST_BYTES} bytes. Pack the files into archives, or make several packages of them`,
    EXIT_CODES.usage,
  );
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
