import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf, type ManifestBlob } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { PrestagedContentPlan, PrestagedContentResult } from '@muster/contracts/kinds/prestaged-content.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { DistributionJobRepository, ProvenCopy } from '../distributions/distribution-job.repository.js';
import type { WakeUp } from '../distributions/wake-up.js';
import type { PackageVersionRepository } from '../packages/package-version.repository.js';
import type { RemovalRepository } from '../removal/removal.repository.js';
import { inParallel } from '../stores/in-parallel.js';
import { blobKey } from '../stores/object-names.js';
import { StoreError, type ObjectStore } from '../stores/object-store.js';
import { proveObject } from '../stores/prove-object.js';
import type { Stores } from '../stores/stores.js';
import type { PointRepository, PrestagedPoint } from './point.repository.js';

const URL_SECONDS = 15 * 60;
const PROOFS_AT_ONCE = 16;
const RECORD_AT_ONCE = 500;

/**
 * The way of content to a point by hand: whoever carries it puts the blobs there, and they count once they are proven. The
 * version becomes visible there by a Distribution, which finds them and moves what is lacking.
 */
export class PrestageService {
  constructor(
    private readonly database: Database,
    private readonly versions: PackageVersionRepository,
    private readonly points: PointRepository,
    private readonly jobs: DistributionJobRepository,
    private readonly removals: RemovalRepository,
    private readonly stores: Stores,
    private readonly wakeUp: WakeUp,
    private readonly auditHours: number,
  ) {}

  /**
   * What the point lacks of a version. What is there already, of a distribution or of an import that was broken off, is
   * proven and not asked for.
   *
   * @throws MusterError `resource.not-found`, `content.unknown-manifest`, `content.point-unavailable`
   */
  async plan(pointName: string, manifest: Digest): Promise<PrestagedContentPlan> {
    const { point, store, blobs } = await this.find(pointName, manifest);
    const lacking = await this.prove(point, store, blobs);
    const expiresAt = new Date(Date.now() + URL_SECONDS * 1000).toISOString();
    const uploads: PrestagedContentPlan['uploads'] = [];
    for (const { digest, size } of lacking) {
      uploads.push({ digest, size, url: store.presignPut(blobKey(digest), { digest, size }, URL_SECONDS) });
      if (uploads.length % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return { uploads, there: blobs.length - lacking.length, expiresAt };
  }

  /**
   * Proves that the point has every blob of a version; Distributions that wait for it go on at once.
   *
   * @throws MusterError as {@link plan}, and `content.blob-mismatch` when something is lacking
   */
  async commit(pointName: string, manifest: Digest): Promise<PrestagedContentResult> {
    const { point, store, blobs } = await this.find(pointName, manifest);
    const [lacking, ...more] = await this.prove(point, store, blobs);
    // Nothing may ever ask for it: then it goes after the grace period, like all that nothing needs.
    await this.removals.addCandidate(this.database, point.uid, manifest);
    if (lacking) {
      throw new MusterError(
        'conflict',
        'content.blob-mismatch',
        `Point "${pointName}" does not have "${lacking.path}" (${lacking.digest})${more.length > 0 ? ` and ${more.length} more` : ''}. Import the same file again`,
      );
    }
    await this.points.retryTransfers(this.database, point.uid, manifest);
    this.wakeUp.wake();
    return { blobs: blobs.length };
  }

  private async find(
    pointName: string,
    manifest: Digest,
  ): Promise<{ point: PrestagedPoint; store: ObjectStore; blobs: ManifestBlob[] }> {
    const point = await this.points.find(this.database, pointName);
    if (!point)
      throw new MusterError('not-found', 'resource.not-found', `There is no DistributionPoint "${pointName}"`);
    const document = await this.versions.findManifest(this.database, manifest);
    if (document === undefined) {
      throw new MusterError(
        'not-found',
        'content.unknown-manifest',
        `This site has no version with the manifest ${manifest}. Import the file into the library of the site first`,
      );
    }
    try {
      return { point, store: this.stores.point(point.spec), blobs: blobsOf(JSON.parse(document) as Manifest) };
    } catch (error) {
      throw error instanceof StoreError ? unavailable(pointName, error) : error;
    }
  }

  /** Records what the point has of these, and returns the others. */
  private async prove(
    point: PrestagedPoint,
    store: ObjectStore,
    blobs: readonly ManifestBlob[],
  ): Promise<ManifestBlob[]> {
    const digests = blobs.map(({ digest }) => digest);
    const known = await this.jobs.findPointBlobs(this.database, point.uid, digests);
    const lacking: ManifestBlob[] = [];
    let proven: ProvenCopy[] = [];
    const record = async () => {
      const group = proven;
      proven = [];
      const hours = point.spec.audit?.everyHours ?? this.auditHours;
      await this.jobs.addPointBlobs(this.database, point.uid, group, hours);
    };
    try {
      await inParallel(blobs, PROOFS_AT_ONCE, async (blob) => {
        const { digest, size } = blob;
        const knownEtag = known.get(digest);
        const proof = await proveObject(store, blobKey(digest), { digest, size }, { knownEtag });
        if (proof.state !== 'proven') lacking.push(blob);
        else proven.push({ digest, etag: proof.etag, kind: 'blob' });
        if (proven.length >= RECORD_AT_ONCE) await record();
      });
    } catch (error) {
      throw error instanceof StoreError ? unavailable(point.name, error) : error;
    } finally {
      await record();
    }
    return lacking;
  }
}

function unavailable(pointName: string, error: StoreError): MusterError {
  return new MusterError(
    'unavailable',
    'content.point-unavailable',
    `Point "${pointName}" cannot be asked right now: ${error.message}. Try again later; nothing is lost`,
    { cause: error },
  );
}
