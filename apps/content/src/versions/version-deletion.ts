import { findManifestUses } from '@muster/contracts/requests/find-uses.js';
import type { ContentKind, ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { DeletedVersion } from '@muster/contracts/kinds/package-versions.js';
import type { PackageStatus, PackageVersion } from '@muster/contracts/kinds/package.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Bus } from '@muster/messaging/bus.js';
import { audit } from '@muster/persistence/audit.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { ReferenceRepository } from '../distributions/reference.repository.js';
import type { WakeUp } from '../distributions/wake-up.js';
import type { PackageVersionRepository } from '../packages/package-version.repository.js';
import type { VersionLog } from '../sites/version-log.js';
import type { DeletedVersionRepository } from './deleted-version.repository.js';

const MOST_NAMED = 5;

/** Who deletes, and whether it is only tried. */
export interface DeletionWish {
  readonly actor: string;
  readonly dryRun: boolean;
}

/** Deletes one version of some content, and leaves the others. */
export class VersionDeletion {
  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly versions: PackageVersionRepository,
    private readonly deleted: DeletedVersionRepository,
    private readonly references: ReferenceRepository,
    private readonly log: VersionLog,
    private readonly wakeUp: WakeUp,
    private readonly stores: ReadonlyMap<ContentKind, ResourceStore<unknown, PackageStatus>>,
    /** For so long after they were told of a version, runs may need it. */
    private readonly keepHours: number,
  ) {}

  /**
   * Refused while devices are told of it, or were a while ago, and while it is what a Distribution brings.
   *
   * @throws MusterError `content.unknown-version`, `content.version-in-use` (with who uses it), `content.version-of-another-site`,
   *   `bus.no-answer` and the like when policy cannot be asked
   */
  async delete(content: ContentReference, version: number, { actor, dryRun }: DeletionWish): Promise<DeletedVersion> {
    const { manifest } = (await this.find(content, version)).version;
    const { items } = await this.bus.request(findManifestUses, {
      manifests: [manifest],
      endedWithinHours: this.keepHours,
    });
    const findings = items.flatMap(({ deployments }) =>
      deployments.map((name) =>
        used(`Deployment/${name}`, `Deployment "${name}" tells devices of it, or did lately, or has runs that need it`),
      ),
    );
    return this.database.transaction(async (tx) => {
      const uid = await this.lockOwner(tx, content);
      const found = await this.find(content, version, tx);
      const all = [...findings, ...(await this.distributionsOf(tx, uid, found.version))];
      if (all.length > 0) throw inUse(content, version, all);
      const points = await this.deleted.findPoints(tx, uid, version);
      const { files, bytes } = found.version;
      if (!dryRun) await this.remove(tx, content, uid, found.version, actor);
      return { version, manifest: found.version.manifest, files, bytes, points };
    });
  }

  private async remove(
    tx: Transaction,
    content: ContentReference,
    uid: string,
    { version, state }: PackageVersion,
    actor: string,
  ): Promise<void> {
    await this.deleted.remove(tx, uid, version, actor);
    if (state === 'available') await this.log.versionDeleted(tx, content, version);
    const { kind, name } = content;
    await audit(tx, { actor, action: 'version-deleted', kind, name, uid, details: { version: String(version) } });
    const status = (await this.versions.findStatuses(tx, [uid])).get(uid)!;
    await this.stores.get(kind)!.writeStatus(tx, uid, status);
    tx.afterCommit(() => this.wakeUp.wake());
  }

  private async find(content: ContentReference, version: number, database: Database | Transaction = this.database) {
    const found = await this.versions.find(database, content, version);
    const { kind, name } = content;
    if (!found)
      throw new MusterError('not-found', 'content.unknown-version', `${kind} "${name}" has no version ${version}`);
    const { source } = found.version;
    if (source === undefined) return found;
    throw new MusterError(
      'forbidden',
      'content.version-of-another-site',
      `Site ${source} made version ${version} of ${kind} "${name}", and only it deletes it. Delete it there`,
    );
  }

  /** Distributions bring the newest complete version, and nothing older. Other sites decide about their points, where it may not be yet. */
  private async distributionsOf(
    tx: Transaction,
    uid: string,
    { version, state }: PackageVersion,
  ): Promise<ProblemFinding[]> {
    if (state !== 'available' || (await this.deleted.findNewest(tx, uid)) !== version) return [];
    const names = await this.references.findDistributionsHere(tx, uid, MOST_NAMED);
    return names.map((name) =>
      used(`Distribution/${name}`, `Distribution "${name}" brings it: it is the newest version`),
    );
  }

  /** In the order in which an upload locks. */
  private async lockOwner(tx: Transaction, { kind, name }: ContentReference): Promise<string> {
    const found = await this.stores.get(kind)!.rows.findForUpdate(tx, name);
    if (!found) throw new MusterError('not-found', 'resource.not-found', `There is no ${kind} "${name}"`);
    await this.versions.lockOwner(tx, found.metadata.uid);
    return found.metadata.uid;
  }
}

function inUse({ kind, name }: ContentReference, version: number, findings: ProblemFinding[]): MusterError {
  const [first] = findings;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return new MusterError(
    'conflict',
    'content.version-in-use',
    `Version ${version} of ${kind} "${name}" cannot be deleted: ${first!.message}${more}`,
    { findings },
  );
}

function used(path: string, message: string): ProblemFinding {
  return { path, code: 'content.version-in-use', message, fix: 'Upload a newer version, distribute it, and wait' };
}
