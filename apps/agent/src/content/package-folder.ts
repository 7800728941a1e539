import { existsSync } from 'node:fs';
import { constants, copyFile, chmod, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { contentPathSchema, type Manifest, type ManifestFile } from '@muster/contracts/agent/content.js';
import { storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import { ContentError } from '../runner/content-provider.js';
import { digestOfFile } from './file-digest.js';
import { inParallel } from './in-parallel.js';
import { joinPieces } from './join-pieces.js';
import type { Piece } from './known-extents.js';
import { digestOfPacked, unpack } from './packed-files.js';

const parallelFiles = 4;

/** A file did not come out as its digest says: what it was made of is not what it was. */
export class WrongFileError extends Error {
  override readonly name = 'WrongFileError';

  constructor(readonly file: ManifestFile) {
    super(`what is here of ${file.path} (${file.digest}) is damaged`);
  }
}

/**
 * Is the folder exactly the manifest: every file with its bytes and its executable bit, and nothing else? Read in full
 * each time, because a program that ran in it may have changed it.
 */
export async function isPackageFolder(folder: string, manifest: Manifest, signal: AbortSignal): Promise<boolean> {
  const { pack, files } = withoutPack(manifest);
  return (
    (pack ? await isPackedFolder(folder, pack, files, signal) : await hasNames(folder, files)) &&
    (await areRight(folder, files, signal))
  );
}

/** The pack of a version, and the files that are none. */
function withoutPack({ files }: Manifest): { pack: ManifestFile | undefined; files: readonly ManifestFile[] } {
  const pack = files.find((file) => file.pack !== undefined);
  return { pack, files: pack ? files.filter((file) => file !== pack) : files };
}

/** Is everything in the folder that is not one of these files what the pack has? */
async function isPackedFolder(
  folder: string,
  { digest, pack }: ManifestFile,
  files: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<boolean> {
  const beside = new Set(files.map(({ path }) => path));
  return existsSync(folder) && (await digestOfPacked(folder, pack!.files, beside, signal)) === digest;
}

async function hasNames(folder: string, files: readonly ManifestFile[]): Promise<boolean> {
  const found = await listFiles(folder);
  if (found?.length !== files.length) return false;
  const names = new Set(found);
  return files.every(({ path }) => names.has(path));
}

async function areRight(folder: string, files: readonly ManifestFile[], signal: AbortSignal): Promise<boolean> {
  let right = true;
  await inParallel(files, parallelFiles, signal, async (file, stop) => {
    right &&= await isRight(join(folder, file.path), file, stop);
  });
  return right;
}

async function isRight(
  path: string,
  { size, digest, executable }: ManifestFile,
  signal: AbortSignal,
): Promise<boolean> {
  const state = await lstat(path).catch(() => undefined);
  if (!state) return false;
  const isExecutable = (state.mode & 0o100) !== 0;
  if (!state.isFile() || state.size !== size || isExecutable !== (executable === true)) return false;
  return (await digestOfFile(path, signal)) === digest;
}

/** Finds bytes of a blob on this disk, one piece behind the other. */
export type FindPieces = (digest: Digest, offset: number, size: number) => readonly Piece[];

/**
 * Lays the files of a version out under their names, in place of what is there. Copies, never links: a program may change
 * its files, and the blob must not change with them (where the file system can, a copy shares its blocks until then).
 * What is written is what is verified.
 *
 * @throws WrongFileError, ContentError `content.path-invalid`
 */
export async function layOut(
  folder: string,
  manifest: Manifest,
  findPieces: FindPieces,
  signal: AbortSignal,
): Promise<void> {
  const { pack, files } = withoutPack(manifest);
  const temporary = `${folder}.new`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { mode: 0o755 });
  for (const folderPath of new Set(files.map(({ path }) => dirname(join(temporary, checked(path)))))) {
    await mkdir(folderPath, { recursive: true, mode: 0o755 });
  }
  await inParallel(files, parallelFiles, signal, async (file, stop) => {
    const target = join(temporary, checked(file.path));
    const digest = await makeFile(target, file, findPieces, stop);
    if (digest !== file.digest) throw new WrongFileError(file);
    // Read-only: a hint against changes by mistake, no more than that for a program that runs as root.
    await chmod(target, file.executable === true ? 0o555 : 0o444);
  });
  if (pack) {
    const beside = files.map(({ path }) => path);
    if ((await unpack(temporary, piecesOf(pack, findPieces), beside, signal)) !== pack.digest)
      throw new WrongFileError(pack);
  }
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
}

function piecesOf(file: ManifestFile, findPieces: FindPieces): Piece[] {
  const { blobs, extents } = storageOf(file);
  return extents.flatMap(([blob, offset, size]) => findPieces(blobs[blob]!.digest, offset, size));
}

/** Is the piece all of a plain file? */
async function isWholeFile({ path, size }: Piece): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === size;
}

/** Writes one file and returns the digest of what was written. */
async function makeFile(
  target: string,
  file: ManifestFile,
  findPieces: FindPieces,
  signal: AbortSignal,
): Promise<Digest> {
  const pieces = piecesOf(file, findPieces);
  const [only] = pieces;
  if (only && pieces.length === 1 && only.offset === 0 && (await isWholeFile(only))) {
    await copyFile(only.path, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chmod(target, 0o600);
    return digestOfFile(target, signal);
  }
  return joinPieces(target, pieces, signal);
}

/** Manifests are checked when they are parsed; nothing is written under a name that was not checked right here. */
function checked(path: string): string {
  if (contentPathSchema.safeParse(path).success) return path;
  throw new ContentError(
    'content.path-invalid',
    `the content names a file ${JSON.stringify(path)}, outside its folder`,
  );
}

/** Paths of everything in a folder that is no folder; undefined when there is no folder. */
async function listFiles(folder: string): Promise<string[] | undefined> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch {
    return undefined;
  }
}
