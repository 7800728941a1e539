import type { ContentLocation, Manifest } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { blobsOf } from '../packages/manifest-document.js';
import type { PackageVersionRepository } from '../packages/package-version.repository.js';
import { blobKey } from '../stores/object-names.js';
import { StoreError, type ObjectStore } from '../stores/object-store.js';
import type { Stores } from '../stores/stores.js';
import type { LocationRepository } from './location.repository.js';

const URL_SECONDS = 15 * 60;
const FILES_AT_ONCE = 500;
/** The bus carries 8 MiB in one message (max_payload); an answer stays well below it. */
const ANSWER_BYTES = 6_000_000;

/** Where content is. */
export interface LocatedContent {
  manifest: Manifest | null;
  locations: ContentLocation[];
  expiresAt: string;
}

/** Finds the files of a manifest at the points that hold all of it, as short-lived URLs. */
export class ContentLocator {
  constructor(
    private readonly database: Database,
    private readonly versions: PackageVersionRepository,
    private readonly locations: LocationRepository,
    private readonly stores: Stores,
  ) {}

  /**
   * @param files the digests wanted, default the first 500; those that the manifest does not have are left out
   * @returns a null manifest when nobody ever uploaded it; when the answer would grow too large, the URLs of the first
   *   files only: the asker asks again for the rest
   * @throws MusterError `content.not-distributed`, `content.manifest-too-large`
   */
  async locate(digest: Digest, files: readonly string[] | undefined): Promise<LocatedContent> {
    const expiresAt = new Date(Date.now() + URL_SECONDS * 1000).toISOString();
    const document = await this.versions.findManifest(this.database, digest);
    if (document === undefined) return { manifest: null, locations: [], expiresAt };
    const stores = await this.storesWith(digest);
    if (stores.length === 0) {
      throw new MusterError(
        'unavailable',
        'content.not-distributed',
        `No distribution point has the content ${digest} yet. Distribute the package, or wait until its Distribution is available`,
      );
    }
    const manifest = JSON.parse(document) as Manifest;
    const wanted = files && new Set<string>(files);
    const blobs = blobsOf(manifest).filter(({ digest: blob }) => !wanted || wanted.has(blob));
    const locations: ContentLocation[] = [];
    let room = ANSWER_BYTES - Buffer.byteLength(document);
    for (const { digest: blob } of blobs.slice(0, FILES_AT_ONCE)) {
      const urls = await Promise.all(stores.map((store) => store.presignGet(blobKey(blob), URL_SECONDS)));
      room -= urls.reduce((sum, url) => sum + url.length + 3, blob.length + 32);
      if (room < 0) break;
      locations.push({ digest: blob, urls });
    }
    if (locations.length === 0 && blobs.length > 0) {
      throw new MusterError(
        'too-large',
        'content.manifest-too-large',
        `The manifest ${digest} has ${manifest.files.length} files, too many for one answer. Pack the files into archives`,
      );
    }
    return { manifest, locations, expiresAt };
  }

  /** A point whose keys are not configured any more is passed by. */
  private async storesWith(digest: Digest): Promise<ObjectStore[]> {
    const points = await this.locations.findPoints(this.database, digest);
    return points.flatMap(({ spec }) => {
      try {
        return [this.stores.point(spec)];
      } catch (error) {
        if (error instanceof StoreError) return [];
        throw error;
      }
    });
  }
}
