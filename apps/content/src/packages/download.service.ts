import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { DownloadResponse } from '@muster/contracts/agent/upload.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { blobKey } from '../stores/object-names.js';
import type { ObjectStore } from '../stores/object-store.js';
import type { LibraryBlobRepository } from './library-blob.repository.js';
import type { PackageVersionRepository } from './package-version.repository.js';

const URL_SECONDS = 15 * 60;

/** The way of a version's bytes out of the library, for whoever takes content of a kind to another site. */
export class DownloadService {
  constructor(
    private readonly database: Database,
    private readonly kind: ContentKind,
    private readonly versions: PackageVersionRepository,
    private readonly libraryBlobs: LibraryBlobRepository,
    private readonly library: ObjectStore,
  ) {}

  /** The files of a version that is complete. @throws MusterError `content.unknown-version` */
  async manifest(packageName: string, version: number): Promise<Manifest> {
    return (await this.find(packageName, version)).manifest;
  }

  /**
   * Short-lived addresses of blobs of a version; digests that it does not have are left out.
   *
   * @throws MusterError `content.unknown-version`, `content.bytes-elsewhere`
   */
  async downloads(packageName: string, version: number, wanted: readonly Digest[]): Promise<DownloadResponse> {
    const { manifest, source } = await this.find(packageName, version);
    const theirs = new Set(blobsOf(manifest).map(({ digest }) => digest));
    const digests = [...new Set(wanted)].filter((digest) => theirs.has(digest));
    if (source !== undefined && (await this.libraryBlobs.findMissing(this.database, digests)).size > 0) {
      throw new MusterError(
        'conflict',
        'content.bytes-elsewhere',
        `The bytes of version ${version} of ${this.kind} "${packageName}" are at site ${source}. Ask there, or distribute it to a point of this site first`,
      );
    }
    const expiresAt = new Date(Date.now() + URL_SECONDS * 1000).toISOString();
    const downloads = digests.map((digest) => ({
      digest,
      url: this.library.presignGet(blobKey(digest), URL_SECONDS),
    }));
    return { downloads, expiresAt };
  }

  private async find(
    packageName: string,
    version: number,
  ): Promise<{ manifest: Manifest; source: string | undefined }> {
    const found = await this.versions.find(this.database, { kind: this.kind, name: packageName }, version);
    if (found?.version.state !== 'available')
      throw new MusterError(
        'not-found',
        'content.unknown-version',
        `${this.kind} "${packageName}" has no version ${version} that is complete`,
      );
    return { manifest: JSON.parse(found.document) as Manifest, source: found.version.source };
  }
}
