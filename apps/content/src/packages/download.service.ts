import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { DownloadResponse } from '@muster/contracts/agent/upload.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { blobKey } from '../stores/object-names.js';
import type { ObjectStore } from '../stores/object-store.js';
import type { PackageVersionRepository } from './package-version.repository.js';

const URL_SECONDS = 15 * 60;

/** The way of a version's bytes out of the library, for whoever takes content of a kind to another site. */
export class DownloadService {
  constructor(
    private readonly database: Database,
    private readonly kind: ContentKind,
    private readonly versions: PackageVersionRepository,
    private readonly library: ObjectStore,
  ) {}

  /** The files of a version that is complete. @throws MusterError `content.unknown-version` */
  async manifest(packageName: string, version: number): Promise<Manifest> {
    const found = await this.versions.find(this.database, { kind: this.kind, name: packageName }, version);
    if (found?.version.state !== 'available')
      throw new MusterError(
        'not-found',
        'content.unknown-version',
        `${this.kind} "${packageName}" has no version ${version} that is complete`,
      );
    return JSON.parse(found.document) as Manifest;
  }

  /** Short-lived addresses of blobs of a version; digests that it does not have are left out. */
  async downloads(packageName: string, version: number, wanted: readonly Digest[]): Promise<DownloadResponse> {
    const theirs = new Set(blobsOf(await this.manifest(packageName, version)).map(({ digest }) => digest));
    const digests = [...new Set(wanted)].filter((digest) => theirs.has(digest));
    const expiresAt = new Date(Date.now() + URL_SECONDS * 1000).toISOString();
    const downloads = await Promise.all(
      digests.map(async (digest) => ({ digest, url: await this.library.presignGet(blobKey(digest), URL_SECONDS) })),
    );
    return { downloads, expiresAt };
  }
}
