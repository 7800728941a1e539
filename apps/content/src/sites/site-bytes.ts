import type { ManifestBlob } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { TransferLimits } from '@muster/contracts/kinds/distribution-point.js';
import type { Database } from '@muster/persistence/database.js';
import { admitTransfers } from '../distributions/admit-transfers.js';
import type { ClaimedJob } from '../distributions/distribution-job.repository.js';
import { Pace } from '../distributions/pace.js';
import type { LibraryBlobRepository } from '../packages/library-blob.repository.js';
import type { ObjectStore } from '../stores/object-store.js';
import { SiteAwayError, type BlobAddressBook, type BlobAddresses } from './blob-addresses.js';
import type { SiteVersionRepository } from './site-version.repository.js';
import { VersionBytes } from './version-bytes.js';

/** When, and how fast, bytes may come from other sites. */
export type SiteTransferLimits = Pick<TransferLimits, 'bytesPerSecond' | 'schedule' | 'timeZone'>;

/** Shorter than a transfer waits before it looks again. */
const AWAY_MILLISECONDS = 3_000;

/** Brings what a transfer needs of other sites, when it needs it. */
export class SiteBytes {
  /** Sites that did not answer, so that not every transfer finds out by itself. */
  private readonly away = new Map<string, { until: number; error: SiteAwayError }>();
  /** One for all transfers of this process: they share the way. */
  private readonly pace: Pace;

  constructor(
    private readonly database: Database,
    private readonly addresses: BlobAddressBook,
    private readonly versions: SiteVersionRepository,
    private readonly libraryBlobs: LibraryBlobRepository,
    private readonly library: ObjectStore,
    private readonly limits: SiteTransferLimits,
  ) {
    this.pace = new Pace(limits.bytesPerSecond);
  }

  /**
   * What must come from another site for a job; undefined: nothing.
   *
   * @throws SiteAwayError when nothing of this priority may come now
   */
  async needed(
    { source, priority, packageUid, version }: Pick<ClaimedJob, 'source' | 'priority' | 'packageUid' | 'version'>,
    blobs: readonly ManifestBlob[],
  ): Promise<VersionBytes | undefined> {
    if (source === undefined) return undefined;
    const missing = await this.libraryBlobs.findMissing(
      this.database,
      blobs.map(({ digest }) => digest),
    );
    if (missing.size === 0) {
      await this.versions.markInLibrary(this.database, packageUid, version);
      return undefined;
    }
    const away = this.away.get(source);
    if (away && away.until > Date.now()) throw away.error;
    if ((admitTransfers({ transfers: this.limits }, new Date()).priorities & (1 << priority)) === 0) {
      throw new SiteAwayError(
        `waits for the bytes of site ${source}: MUSTER_SITE_TRANSFERS lets nothing of this priority come now`,
      );
    }
    return new VersionBytes({
      source,
      lacking: blobs.flatMap(({ digest }) => (missing.has(digest) ? [digest] : [])),
      ask: (site, digests, asTheyAre) => this.ask(site, digests, asTheyAre),
      library: this.library,
      pace: this.pace,
      onProven: (blob) => this.libraryBlobs.addProven(this.database, [blob]),
    });
  }

  /** A transfer came to its end. From now on several may read the version at the same time. */
  async brought(
    { packageUid, version }: Pick<ClaimedJob, 'packageUid' | 'version'>,
    bytes: VersionBytes | undefined,
  ): Promise<void> {
    if (bytes?.isComplete) await this.versions.markInLibrary(this.database, packageUid, version);
  }

  private async ask(source: string, digests: readonly Digest[], asTheyAre: boolean): Promise<BlobAddresses> {
    try {
      return await this.addresses.ask(source, digests, asTheyAre);
    } catch (error) {
      if (error instanceof SiteAwayError) this.away.set(source, { until: Date.now() + AWAY_MILLISECONDS, error });
      throw error;
    }
  }
}
