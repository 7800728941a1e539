import { existsSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf, type ManifestBlob } from '@muster/contracts/agent/manifest-blobs.js';
import type { ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { canonicalJson, type Digest } from '@muster/contracts/digest.js';
import { CliError, reasonOf } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  type ArchivedDocument,
  type ArchiveIndex,
  blobEntry,
  INDEX_ENTRY,
  manifestEntry,
} from './archive-model.js';
import { digestOfRange } from './read-archive.js';
import { BLOCK_BYTES, MOST_ENTRY_BYTES, paddedSize, readTarHeader, writeTarHeader } from './tar-header.js';

/** A version that goes into the file. */
export interface ArchivedVersion extends ContentReference {
  readonly version: number;
  readonly manifest: Digest;
  readonly files: Manifest;
  readonly document?: ArchivedDocument | undefined;
}

/** Gives the bytes of a blob, not verified, from the beginning. */
export type FetchBlob = (version: ArchivedVersion, blob: ManifestBlob) => AsyncIterable<Buffer>;

const attempts = 4;

/**
 * Writes a prestaged content file. It grows under the name `<path>.partial`: what an earlier call has written there of the same
 * content, and is right, stays.
 *
 * @returns bytes of the file, and how many of them were there already
 * @throws CliError `prestage.file-exists`, `prestage.not-written`, `prestage.download-failed`
 */
export async function writeArchive(
  path: string,
  versions: readonly ArchivedVersion[],
  fetchBlob: FetchBlob,
  onBytes: (bytes: number) => void,
): Promise<{ bytes: number; resumedBytes: number }> {
  if (existsSync(path))
    throw new CliError(
      'prestage.file-exists',
      `${path} exists already: name another file, or remove it`,
      EXIT_CODES.conflict,
    );
  const partial = `${path}.partial`;
  try {
    const file = await open(partial, existsSync(partial) ? 'r+' : 'w+', 0o600);
    try {
      const writer = new ArchiveWriter(file);
      await writer.addBytes(INDEX_ENTRY, Buffer.from(canonicalJson(indexOf(versions))));
      for (const { manifest, files } of distinct(versions))
        await writer.addBytes(manifestEntry(manifest), Buffer.from(canonicalJson(files)));
      const seen = new Set<Digest>();
      for (const version of versions) {
        for (const blob of blobsOf(version.files)) {
          if (seen.has(blob.digest)) continue;
          seen.add(blob.digest);
          await writer.addBlob(blob, () => fetchBlob(version, blob), onBytes);
        }
      }
      const bytes = await writer.finish();
      await rename(partial, path);
      return { bytes, resumedBytes: writer.resumedBytes };
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('prestage.not-written', `cannot write ${path}: ${reasonOf(cause)}`, EXIT_CODES.failed, {
      cause,
    });
  }
}

/** Puts entry behind entry, and skips those that are there and right. */
class ArchiveWriter {
  resumedBytes = 0;
  private position = 0;
  /** As long as everything was as it had to be. */
  private resuming = true;

  constructor(private readonly file: FileHandle) {}

  async addBytes(name: string, bytes: Buffer): Promise<void> {
    const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (await this.isThere(name, digest, bytes.length)) return;
    await this.begin(name, bytes.length);
    await this.write(bytes);
    this.position += paddedSize(bytes.length) - bytes.length;
  }

  async addBlob(
    { digest, size, path }: ManifestBlob,
    fetchBlob: () => AsyncIterable<Buffer>,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    const name = blobEntry(digest);
    if (size > MOST_ENTRY_BYTES) throw failed(path, `it has ${size} bytes, more than an entry can have`);
    if (await this.isThere(name, digest, size)) return onBytes(size);
    const start = this.position;
    for (let attempt = 1; ; attempt += 1) {
      let sent = 0;
      try {
        this.position = start;
        await this.begin(name, size);
        const hash = createHash('sha256');
        for await (const chunk of fetchBlob()) {
          if (sent + chunk.length > size) throw failed(path, `the store sent more than ${size} bytes`);
          hash.update(chunk);
          await this.write(chunk);
          sent += chunk.length;
          onBytes(chunk.length);
        }
        if (`sha256:${hash.digest('hex')}` !== digest)
          throw failed(path, 'the bytes of the store are not those of the version');
        this.position = start + BLOCK_BYTES + paddedSize(size);
        return;
      } catch (error) {
        onBytes(-sent);
        if (attempt === attempts) throw error instanceof CliError ? error : failed(path, reasonOf(error));
      }
    }
  }

  async finish(): Promise<number> {
    await this.file.truncate(this.position);
    await this.file.write(Buffer.alloc(2 * BLOCK_BYTES), 0, 2 * BLOCK_BYTES, this.position);
    await this.file.sync();
    return this.position + 2 * BLOCK_BYTES;
  }

  private async isThere(name: string, digest: Digest, size: number): Promise<boolean> {
    if (!this.resuming) return false;
    const header = Buffer.alloc(BLOCK_BYTES);
    const { bytesRead } = await this.file.read(header, 0, BLOCK_BYTES, this.position);
    const entry = bytesRead === BLOCK_BYTES ? readTarHeader(header) : undefined;
    const isSame = typeof entry === 'object' && entry.name === name && entry.size === size;
    const begin = this.position + BLOCK_BYTES;
    if (!isSame || (await digestOfRange(this.file, begin, size)) !== digest || !(await this.isFilledUp(begin, size))) {
      this.resuming = false;
      await this.file.truncate(this.position);
      return false;
    }
    this.position += BLOCK_BYTES + paddedSize(size);
    this.resumedBytes += size;
    return true;
  }

  /** Is an entry followed by zeros up to the next block? What is missing of them will be zeros. */
  private async isFilledUp(begin: number, size: number): Promise<boolean> {
    const rest = Buffer.alloc(paddedSize(size) - size);
    const { bytesRead } = await this.file.read(rest, 0, rest.length, begin + size);
    return rest.subarray(0, bytesRead).every((byte) => byte === 0);
  }

  private async begin(name: string, size: number): Promise<void> {
    await this.file.truncate(this.position);
    await this.write(writeTarHeader({ name, size }));
  }

  private async write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done, this.position);
      done += bytesWritten;
      this.position += bytesWritten;
    }
  }
}

function indexOf(versions: readonly ArchivedVersion[]): ArchiveIndex {
  const contents = versions.map(({ files: _, ...one }) => one);
  return { format: ARCHIVE_FORMAT, version: ARCHIVE_VERSION, contents };
}

function distinct(versions: readonly ArchivedVersion[]): ArchivedVersion[] {
  return [...new Map(versions.map((version) => [version.manifest, version])).values()];
}

function failed(path: string, why: string): CliError {
  return new CliError(
    'prestage.download-failed',
    `${path} could not be brought into the file: ${why}`,
    EXIT_CODES.failed,
  );
}
