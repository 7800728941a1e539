import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type Manifest, manifestSchema, MOST_MANIFEST_BYTES } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import { CliError, reasonOf } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  type ArchiveIndex,
  archiveIndexSchema,
  blobEntry,
  INDEX_ENTRY,
  manifestEntry,
  MOST_INDEX_BYTES,
} from './archive-model.js';
import { BLOCK_BYTES, paddedSize, readTarHeader, type TarEntry } from './tar-header.js';

/** A file in the archive has more entries than any that Muster writes. */
const MOST_ENTRIES = 1_000_000;

/** A prestaged content file: its index and manifests, which are proven, and where its blobs are. */
export interface PrestagedArchive {
  readonly path: string;
  readonly contents: readonly (ArchiveIndex['contents'][number] & { readonly files: Manifest })[];
  /** Offset of each blob's bytes in the file. */
  readonly blobs: ReadonlyMap<Digest, number>;
}

/**
 * Reads all of a prestaged content file but the bytes of its blobs. Memory: the manifests, and some 100 bytes for each blob.
 *
 * @throws CliError `prestage.not-readable`, `prestage.bad-archive` with the place, `prestage.truncated`, `prestage.newer-version`
 */
export async function readArchive(path: string): Promise<PrestagedArchive> {
  const file = await openArchive(path);
  try {
    const { size } = await file.stat();
    const index = readIndex(path, await firstEntry(file, path));
    const entries = new Map<string, TarEntry & { offset: number }>();
    let offset = BLOCK_BYTES + paddedSize(index.bytes);
    for (;;) {
      const entry = await readEntry(file, path, offset, size);
      if (entry === undefined) break;
      if (entries.has(entry.name)) throw bad(path, offset, `has "${entry.name}" twice`);
      if (entries.size >= MOST_ENTRIES) throw bad(path, offset, `has more than ${MOST_ENTRIES} entries`);
      entries.set(entry.name, { ...entry, offset: offset + BLOCK_BYTES });
      offset += BLOCK_BYTES + paddedSize(entry.size);
    }
    const blobs = new Map<Digest, number>();
    const contents = [];
    const used = new Set<string>();
    for (const one of index.value.contents) {
      const files = await readManifest(file, path, one.manifest, entries.get(manifestEntry(one.manifest)));
      used.add(manifestEntry(one.manifest));
      for (const { digest, size: expected, path: member } of blobsOf(files)) {
        const entry = entries.get(blobEntry(digest));
        if (!entry) throw bad(path, offset, `lacks "${blobEntry(digest)}" (${member} of ${one.kind} "${one.name}")`);
        if (entry.size !== expected)
          throw bad(path, entry.offset, `has ${entry.size} bytes for "${member}", which has ${expected}`);
        blobs.set(digest, entry.offset);
        used.add(entry.name);
      }
      contents.push({ ...one, files });
    }
    const extra = [...entries.values()].find(({ name }) => !used.has(name));
    if (extra) throw bad(path, extra.offset, `has "${extra.name}", which nothing in it needs`);
    return { path, contents, blobs };
  } finally {
    await file.close();
  }
}

/** The digest of bytes of a file. */
export async function digestOfRange(file: FileHandle, offset: number, size: number): Promise<Digest> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(size, 1024 * 1024));
  for (let done = 0; done < size;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - done), offset + done);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return `sha256:${hash.digest('hex')}`;
}

async function openArchive(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new CliError('prestage.not-readable', `cannot read ${path}: ${reasonOf(cause)}`, EXIT_CODES.usage, { cause });
  }
}

async function firstEntry(file: FileHandle, path: string): Promise<Buffer> {
  const header = await read(file, 0, BLOCK_BYTES);
  const entry = header.length === BLOCK_BYTES ? readTarHeader(header) : undefined;
  if (typeof entry !== 'object' || entry.name !== INDEX_ENTRY || entry.size > MOST_INDEX_BYTES)
    throw bad(path, 0, 'is no prestaged content file of Muster');
  const bytes = await read(file, BLOCK_BYTES, entry.size);
  if (bytes.length < entry.size) throw truncated(path);
  return bytes;
}

function readIndex(path: string, bytes: Buffer): { value: ArchiveIndex; bytes: number } {
  const value = parse(path, bytes, INDEX_ENTRY);
  const { format, version } = Object(value) as { format?: unknown; version?: unknown };
  if (format === ARCHIVE_FORMAT && typeof version === 'number' && version > ARCHIVE_VERSION)
    throw new CliError(
      'prestage.newer-version',
      `${path} has version ${version} of its format; this program reads ${ARCHIVE_VERSION}: use a newer muster`,
      EXIT_CODES.invalidDocument,
    );
  const result = archiveIndexSchema.safeParse(value);
  if (!result.success) throw bad(path, 0, `has an index that is not valid: ${result.error.issues[0]?.message}`);
  return { value: result.data, bytes: bytes.length };
}

/** Undefined at the end of the archive. */
async function readEntry(file: FileHandle, path: string, offset: number, size: number): Promise<TarEntry | undefined> {
  const header = await read(file, offset, BLOCK_BYTES);
  if (header.length < BLOCK_BYTES) throw truncated(path);
  const entry = readTarHeader(header);
  if (entry === 'end') return undefined;
  if (!entry || !/^(manifests\/[0-9a-f]{64}\.json|blobs\/[0-9a-f]{64})$/.test(entry.name))
    throw bad(path, offset, 'has something there that is neither a manifest nor a blob');
  if (offset + BLOCK_BYTES + paddedSize(entry.size) > size) throw truncated(path);
  return entry;
}

async function readManifest(
  file: FileHandle,
  path: string,
  digest: Digest,
  entry: (TarEntry & { offset: number }) | undefined,
): Promise<Manifest> {
  if (!entry) throw bad(path, 0, `lacks "${manifestEntry(digest)}"`);
  if (entry.size > MOST_MANIFEST_BYTES) throw bad(path, entry.offset, 'has a manifest that is too large');
  const bytes = await read(file, entry.offset, entry.size);
  if (digestOfBytes(bytes) !== digest) throw bad(path, entry.offset, `has other bytes than "${entry.name}" says`);
  const result = manifestSchema.safeParse(parse(path, bytes, entry.name));
  if (!result.success)
    throw bad(path, entry.offset, `has a manifest that is not valid: ${result.error.issues[0]?.message}`);
  return result.data;
}

async function read(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await file.read(buffer, done, size - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

function parse(path: string, bytes: Buffer, entry: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw bad(path, 0, `has no JSON in "${entry}"`);
  }
}

function bad(path: string, offset: number, what: string): CliError {
  return new CliError('prestage.bad-archive', `${path} ${what} (byte ${offset})`, EXIT_CODES.invalidDocument);
}

function truncated(path: string): CliError {
  return new CliError(
    'prestage.truncated',
    `${path} ends in the middle: copy it again, or make it again with "muster content prestage"`,
    EXIT_CODES.invalidDocument,
  );
}
