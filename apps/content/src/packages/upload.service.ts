import type { Manifest } from '@muster/contracts/agent/content.js';
import { blobsOf, type ManifestBlob } from '@muster/contracts/agent/manifest-blobs.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ContentKind, ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { PackageSpec, PackageStatus, PackageVersion } from '@muster/contracts/kinds/package.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { DistributionQueueRepository } from '../distributions/distribution-queue.repository.js';
import type { WakeUp } from '../distributions/wake-up.js';
import type { LibraryRemovalRepository } from '../removal/library-removal.repository.js';
import type { VersionLog } from '../sites/version-log.js';
import { inParallel } from '../stores/in-parallel.js';
import { blobKey } from '../stores/object-names.js';
import { StoreError, type ObjectStore } from '../stores/object-store.js';
import { proveObject } from '../stores/prove-object.js';
import { libraryUnavailable } from './library-unavailable.js';
import type { LibraryBlobRepository } from './library-blob.repository.js';
import type { ManifestDocument } from './manifest-document.js';
import type { PackageVersionRepository } from './package-version.repository.js';
import { doubtfulFiles, problemOfFile } from './verify-extents.js';
import { decideVersion } from './version-decision.js';

/** How long an upload URL is good. */
const UPLOAD_SECONDS = 15 * 60;
const PROOFS_AT_ONCE = 16;
const EXTENTS_AT_ONCE = 2;
/** Proven blobs are recorded in groups, so that a commit that is cut off does not begin again from nothing. */
const RECORD_AT_ONCE = 500;
const MOST_FINDINGS = 20;

/** What a client must still send. */
export interface UploadPlan {
  version: number;
  manifest: Digest;
  uploads: { digest: Digest; size: number; url: string }[];
  expiresAt: string;
}

/** The way of new bytes into the library: announced by a manifest, sent straight to the store, and proven before they count. */
export class UploadService {
  constructor(
    private readonly database: Database,
    private readonly packages: ResourceStore<unknown, PackageStatus>,
    private readonly versions: PackageVersionRepository,
    private readonly libraryBlobs: LibraryBlobRepository,
    private readonly libraryRemovals: LibraryRemovalRepository,
    private readonly queue: DistributionQueueRepository,
    private readonly library: ObjectStore,
    private readonly wakeUp: WakeUp,
    private readonly log: VersionLog,
  ) {}

  /**
   * Announces a version. The same files again are the same version; what the library lacks of it gets an upload URL.
   * What an upload that was broken off has brought is proven first, and not asked for again.
   *
   * @throws MusterError `resource.not-found`, `content.no-files`, `content.library-unavailable`
   */
  async announce(packageName: string, manifest: ManifestDocument, actor: string): Promise<UploadPlan> {
    const { version, mayHaveBegun } = await this.database.transaction(async (tx) => {
      await this.libraryRemovals.announcing(tx);
      const { uid } = await this.lockPackage(tx, packageName);
      const mayHaveBegun = await this.versions.hasUnfinishedUpload(tx, uid);
      const known = await this.versions.findForDecision(tx, uid, manifest.digest);
      const decided = decideVersion(known, manifest.digest);
      if (decided.isNew) {
        await this.versions.add(tx, uid, decided.version, manifest, actor);
        await this.publishStatus(tx, uid);
      }
      return { version: decided.version, mayHaveBegun };
    });
    await this.requireLibrary();
    const blobs = blobsOf(manifest.manifest);
    const digests = blobs.map(({ digest }) => digest);
    if (mayHaveBegun) {
      const unknown = await this.libraryBlobs.findUnknown(this.database, digests);
      await this.prove(blobs.filter(({ digest }) => unknown.has(digest)));
    }
    const missing = await this.libraryBlobs.findMissing(this.database, digests);
    const expiresAt = new Date(Date.now() + UPLOAD_SECONDS * 1000).toISOString();
    const uploads: UploadPlan['uploads'] = [];
    for (const { digest, size } of blobs) {
      if (!missing.has(digest)) continue;
      const url = this.library.presignPut(blobKey(digest), { digest, size }, UPLOAD_SECONDS);
      uploads.push({ digest, size, url });
      // Signing 100,000 URLs takes seconds: others get their turn.
      if (uploads.length % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return { version, manifest: manifest.digest, uploads, expiresAt };
  }

  /** Nobody gets a URL into a bucket that is not there: at the first start it may not have been made yet, and buckets can vanish. */
  private async requireLibrary(): Promise<void> {
    try {
      await this.library.ensureBucket();
    } catch (error) {
      throw error instanceof StoreError ? libraryUnavailable(error) : error;
    }
  }

  /**
   * Makes a version available once every byte of it is proven; its Distributions then bring it to their points.
   * Committing again is harmless, and after a repair of damaged bytes it lets waiting transfers go on.
   *
   * @throws MusterError `content.unknown-version`, `content.blob-mismatch` (with the files), `content.bad-extents`,
   *   `content.bad-pack`, `content.library-unavailable`
   */
  async commit(packageName: string, version: number): Promise<PackageVersion> {
    const content = { kind: this.packages.kind.kind as ContentKind, name: packageName };
    const found = await this.versions.find(this.database, content, version);
    if (!found) throw unknownVersion(content, version);
    const manifest = JSON.parse(found.document) as Manifest;
    await this.proveAll(packageName, version, manifest);
    if (found.version.state === 'uploading') await this.proveExtents(packageName, found.packageUid, manifest);
    await this.database.transaction(async (tx) => {
      const { uid } = await this.lockPackage(tx, packageName);
      if (await this.versions.markAvailable(tx, uid, version)) {
        await this.publishStatus(tx, uid);
        await this.queue.addVersion(tx, uid, version);
        await this.log.made(tx, content, version, found.version);
      } else {
        // Somebody may have deleted it while its bytes were proven.
        if (!(await this.versions.find(tx, content, version))) throw unknownVersion(content, version);
        await this.queue.retryNow(tx, uid, version);
      }
      tx.afterCommit(() => this.wakeUp.wake());
    });
    return { ...found.version, state: 'available' };
  }

  /** Reads the packs, and the large files, whose extents are new out of their blobs: no version shows a file that cannot be made. */
  private async proveExtents(packageName: string, packageUid: string, manifest: Manifest): Promise<void> {
    const before = await this.versions.findNewestDocument(this.database, packageUid);
    const doubtful = doubtfulFiles(manifest, before === undefined ? undefined : (JSON.parse(before) as Manifest));
    try {
      await inParallel(doubtful, EXTENTS_AT_ONCE, async (file) => {
        const problem = await problemOfFile(this.library, file, manifest);
        if (!problem) return;
        throw new MusterError(
          'conflict',
          problem.code,
          `"${file.path}" of package "${packageName}" ${problem.message}. Announce the files again`,
        );
      });
    } catch (error) {
      throw error instanceof StoreError ? libraryUnavailable(error) : error;
    }
  }

  private async proveAll(packageName: string, version: number, manifest: Manifest): Promise<void> {
    const blobs = blobsOf(manifest);
    const missing = await this.libraryBlobs.findMissing(
      this.database,
      blobs.map(({ digest }) => digest),
    );
    const unproven = await this.prove(blobs.filter(({ digest }) => missing.has(digest)));
    const indexes = new Map(manifest.files.map(({ path }, index) => [path, index]));
    const findings = unproven.map(({ blob: { path, size, digest }, found }): ProblemFinding => ({
      path: `/files/${indexes.get(path)}`,
      code: 'content.blob-mismatch',
      message:
        found === undefined
          ? `"${path}" was not uploaded`
          : `"${path}" must be ${size} bytes of ${digest}; what was uploaded is ${found}`,
      fix: 'Announce the files again and upload what the answer asks for',
    }));
    const [first] = findings;
    if (!first) return;
    throw new MusterError(
      'conflict',
      'content.blob-mismatch',
      `Version ${version} of package "${packageName}" is not complete: ${first.message}${findings.length > 1 ? ` (and ${findings.length - 1} more files)` : ''}`,
      { findings: findings.slice(0, MOST_FINDINGS) },
    );
  }

  /** Proves that the library has blobs, and records those; the others, each with what was found instead. */
  private async prove(blobs: readonly ManifestBlob[]): Promise<{ blob: ManifestBlob; found: string | undefined }[]> {
    const unproven: { blob: ManifestBlob; found: string | undefined }[] = [];
    let proven: ManifestBlob[] = [];
    const record = async () => {
      const group = proven;
      proven = [];
      await this.libraryBlobs.addProven(this.database, group);
    };
    try {
      await inParallel(blobs, PROOFS_AT_ONCE, async (blob) => {
        const { digest, size } = blob;
        const proof = await proveObject(this.library, blobKey(digest), { digest, size });
        if (proof.state !== 'proven') {
          unproven.push({ blob, found: proof.state === 'missing' ? undefined : proof.found });
          return;
        }
        proven.push(blob);
        if (proven.length >= RECORD_AT_ONCE) await record();
      });
    } catch (error) {
      throw error instanceof StoreError ? libraryUnavailable(error) : error;
    } finally {
      await record();
    }
    return unproven;
  }

  private async lockPackage(tx: Transaction, name: string): Promise<{ uid: string }> {
    const found = await this.packages.rows.findForUpdate(tx, name);
    if (!found)
      throw new MusterError('not-found', 'resource.not-found', `There is no ${this.packages.kind.kind} "${name}"`);
    if ((found.spec as Partial<PackageSpec>).noFiles) {
      const reason = `Package "${name}" is said to have no files. Take noFiles out of its spec first`;
      throw new MusterError('conflict', 'content.no-files', reason);
    }
    await this.versions.lockOwner(tx, found.metadata.uid);
    return { uid: found.metadata.uid };
  }

  private async publishStatus(tx: Transaction, uid: string): Promise<void> {
    await this.packages.writeStatus(tx, uid, (await this.versions.findStatuses(tx, [uid])).get(uid)!);
  }
}

function unknownVersion({ kind, name }: ContentReference, version: number): MusterError {
  return new MusterError(
    'not-found',
    'content.unknown-version',
    `${kind} "${name}" has no version ${version}. Announce the files first`,
  );
}
