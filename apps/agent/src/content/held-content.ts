import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import type { Manifest, ManifestFile } from '@muster/contracts/agent/content.js';
import { blobsOf, type ManifestBlob, storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ContentFolders } from './content-folders.js';
import { digestOfFile } from './file-digest.js';
import { inParallel } from './in-parallel.js';
import { KnownExtents, type Piece } from './known-extents.js';
import { readManifest } from './read-manifest.js';

/**
 * What this disk has of the bytes of one version: blobs, and where a blob is not here, the extents of it that the version
 * needs in the folders of other versions.
 */
export class HeldContent {
  private readonly present = new Set<Digest>();
  private readonly extents = new Map<Digest, [offset: number, size: number][]>();

  private constructor(
    private readonly folders: ContentFolders,
    private readonly blobs: readonly ManifestBlob[],
    { files }: Manifest,
    /** Undefined once something of them was found to be changed. */
    private others: KnownExtents | undefined,
  ) {
    for (const file of files) {
      const { blobs: held, extents } = storageOf(file);
      for (const [blob, offset, size] of extents) {
        const { digest } = held[blob]!;
        const list = this.extents.get(digest) ?? [];
        this.extents.set(digest, list);
        list.push([offset, size]);
      }
    }
  }

  static async read(folders: ContentFolders, wanted: Digest, manifest: Manifest): Promise<HeldContent> {
    const others = new KnownExtents();
    for (const name of await readdir(folders.packages)) {
      const digest: Digest = `sha256:${name}`;
      const folder = folders.package(digest);
      const known =
        digest === wanted || !/^[0-9a-f]{64}$/.test(name) ? undefined : readManifest(folders.manifest(digest), digest);
      if (known && existsSync(folder)) others.add(folder, known);
    }
    const blobs = blobsOf(manifest).filter(({ files }) => files.length > 0);
    return new HeldContent(folders, blobs, manifest, others);
  }

  /** The blobs that must be fetched: neither here nor, as far as they are needed, in other folders. */
  async missing(): Promise<ManifestBlob[]> {
    const absent: ManifestBlob[] = [];
    await inParallel(this.blobs, 16, new AbortController().signal, async (blob) => {
      const size = await stat(this.folders.blob(blob.digest)).then(
        (found) => found.size,
        () => undefined,
      );
      if (size === blob.size) this.present.add(blob.digest);
      else {
        this.present.delete(blob.digest);
        if (!this.isElsewhere(blob.digest)) absent.push(blob);
      }
    });
    return absent;
  }

  /** Where bytes of a blob are, once nothing is missing. */
  find(digest: Digest, offset: number, size: number): readonly Piece[] {
    if (this.present.has(digest)) return [{ path: this.folders.blob(digest), offset, size }];
    return this.others?.find(digest, offset, size) ?? [];
  }

  /** A file made of what is here was wrong: removes the blobs that are damaged, and uses other folders no more. */
  async doubt(file: ManifestFile, signal: AbortSignal): Promise<void> {
    this.others = undefined;
    for (const { digest } of storageOf(file).blobs) {
      const path = this.folders.blob(digest);
      if (existsSync(path) && (await digestOfFile(path, signal)) !== digest) await rm(path, { force: true });
    }
  }

  private isElsewhere(digest: Digest): boolean {
    const { others } = this;
    return (
      others !== undefined &&
      (this.extents.get(digest) ?? []).every(([offset, size]) => others.find(digest, offset, size) !== undefined)
    );
  }
}
