import {
  type ContentLocation,
  type ContentReach,
  type ContentSource,
  type Manifest,
  NO_FILES,
  NO_FILES_DIGEST,
  ON_ITS_WAY,
} from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Logger } from 'pino';
import type { BoundaryMap } from '../boundaries/boundary-map.js';
import type { PackageVersionRepository } from '../packages/package-version.repository.js';
import { blobKey } from '../stores/object-names.js';
import { StoreError, type ObjectStore } from '../stores/object-store.js';
import type { OnDemand } from '../on-demand/on-demand.js';
import type { Stores } from '../stores/stores.js';
import type { LocatedPoint, LocationRepository } from './location.repository.js';

const URL_SECONDS = 15 * 60;
const FILES_AT_ONCE = 500;
/** An agent that cannot use this many points will not do better with more. */
const POINTS_AT_ONCE = 10;
const NAMED_POINTS = 3;
/** The bus carries 8 MiB in one message (max_payload); an answer stays well below it. */
const ANSWER_BYTES = 6_000_000;

/** Where content is. */
export interface LocatedContent {
  manifest: Manifest | null;
  locations: ContentLocation[];
  sources: ContentSource[];
  expiresAt: string;
}

interface Source extends LocatedPoint {
  reason: string;
  store: ObjectStore;
}

/** Finds the files of a manifest at the points that hold all of it, as short-lived URLs, nearest first. */
export class ContentLocator {
  constructor(
    private readonly database: Database,
    private readonly versions: PackageVersionRepository,
    private readonly locations: LocationRepository,
    private readonly boundaries: BoundaryMap,
    private readonly stores: Stores,
    private readonly onDemand: OnDemand,
    private readonly logger: Logger,
  ) {}

  /**
   * @param files the digests of blobs that are wanted, default the first 500; those that the manifest does not have are left out
   * @param address of the device, which decides what is near
   * @param reach beyond the groups of the device, which points the deployment allows; absent: all
   * @returns a null manifest when nobody ever uploaded it; when the answer would grow too large, the URLs of the first
   *   files only: the asker asks again for the rest
   * @throws MusterError `content.on-its-way`, `content.not-distributed`, `content.no-near-point`, `content.no-good-copy`,
   *   `content.manifest-too-large`
   */
  async locate(
    digest: Digest,
    files: readonly string[] | undefined,
    address: string | undefined,
    reach?: ContentReach,
  ): Promise<LocatedContent> {
    const expiresAt = new Date(Date.now() + URL_SECONDS * 1000).toISOString();
    if (digest === NO_FILES_DIGEST) return { manifest: NO_FILES, locations: [], sources: [], expiresAt };
    const document = await this.versions.findManifest(this.database, digest);
    if (document === undefined) return { manifest: null, locations: [], sources: [], expiresAt };
    const sources = await this.sourcesOf(digest, address, reach);
    const manifest = JSON.parse(document) as Manifest;
    const wanted = files && new Set<string>(files);
    const blobs = blobsOf(manifest)
      .filter(({ digest: blob }) => !wanted || wanted.has(blob))
      .slice(0, FILES_AT_ONCE);
    const bad = await this.locations.findBadCopies(
      this.database,
      sources.map(({ uid }) => uid),
      blobs.map((blob) => blob.digest),
    );
    const locations: ContentLocation[] = [];
    let room = ANSWER_BYTES - Buffer.byteLength(document);
    for (const { digest: blob, path } of blobs) {
      const good = sources.filter(({ uid }) => !bad.has(`${uid} ${blob}`));
      if (good.length === 0) throw noGoodCopy(path, blob);
      const urls = good.map(({ store }) => store.presignGet(blobKey(blob), URL_SECONDS));
      room -= urls.reduce((sum, url) => sum + url.length + 70, blob.length + 32);
      if (room < 0) break;
      locations.push({ digest: blob, urls, points: good.map(({ name }) => name) });
    }
    if (locations.length === 0 && blobs.length > 0) {
      throw new MusterError(
        'too-large',
        'content.manifest-too-large',
        `The manifest ${digest} has ${manifest.files.length} files, too many for one answer. Pack the files into archives`,
      );
    }
    return { manifest, locations, sources: sources.map(({ name, reason }) => ({ point: name, reason })), expiresAt };
  }

  /** Nearest first; a point whose keys are not configured any more is passed by. */
  private async sourcesOf(
    digest: Digest,
    address: string | undefined,
    reach: ContentReach | undefined,
  ): Promise<Source[]> {
    const points = await this.locations.findPoints(this.database, digest);
    const ordered = await this.boundaries.order(points, address, reach);
    const byName = new Map(points.map((point) => [point.name, point]));
    const sources = ordered.sources.flatMap(({ point, reason }) => {
      const found = byName.get(point)!;
      const store = this.storeOf(found);
      return store ? [{ ...found, reason, store }] : [];
    });
    const wanted = this.onDemand.want(digest, address, reach);
    if (sources.length > 0) {
      // It may come nearer beside that, for the next one who asks.
      wanted.catch((error: unknown) =>
        this.logger.warn({ err: error }, 'content that comes on demand is not sent yet'),
      );
      return sources.slice(0, POINTS_AT_ONCE);
    }
    const coming = await wanted;
    if (coming.length > 0) throw onItsWay(digest, coming);
    const [first] = ordered.leftOut;
    if (first) {
      throw new MusterError(
        'unavailable',
        'content.no-near-point',
        `No distribution point with the content ${digest} is offered to ${address ?? 'a device whose address is not known'}; "${first.point}": ${first.reason}`,
      );
    }
    throw new MusterError(
      'unavailable',
      'content.not-distributed',
      `No distribution point has the content ${digest} yet. Distribute the package, or wait until its Distribution is available`,
    );
  }

  private storeOf({ spec }: LocatedPoint): ObjectStore | undefined {
    try {
      return this.stores.point(spec);
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }
}

function onItsWay(digest: Digest, points: readonly string[]): MusterError {
  const named = points.slice(0, NAMED_POINTS).map((point) => `"${point}"`);
  const more = points.length > named.length ? ` and ${points.length - named.length} more` : '';
  return new MusterError(
    'unavailable',
    ON_ITS_WAY,
    `The content ${digest} comes on demand, and is on its way to ${named.join(', ')}${more}. Ask again later`,
  );
}

function noGoodCopy(path: string, digest: Digest): MusterError {
  return new MusterError(
    'unavailable',
    'content.no-good-copy',
    `No point near the device has a good copy of "${path}" (${digest}) right now. It is repaired when the library or another point has one; else upload the same files again`,
  );
}
