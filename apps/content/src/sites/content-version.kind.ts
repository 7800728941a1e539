import type { ContentKind, ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import type { Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { DistributionQueueRepository } from '../distributions/distribution-queue.repository.js';
import type { WakeUp } from '../distributions/wake-up.js';
import type { DeletedVersionRepository } from '../versions/deleted-version.repository.js';
import type { PackageVersionRepository } from '../packages/package-version.repository.js';
import {
  CONTENT_VERSION,
  readVersionKey,
  versionKey,
  type SharedVersion,
  type VersionName,
} from './content-version.js';
import type { NumberedVersion, SiteVersionRepository } from './site-version.repository.js';
import type { ManifestFetcher } from './manifest-fetcher.js';
import type { VersionLog } from './version-log.js';

/**
 * Versions that other sites made, as versions of the same content here: its Distributions bring them to their points, and the
 * bytes come when the first point needs them. A version never changes; only its number may, where two sites gave the same one.
 */
export class ContentVersionKind implements ReplicatedKind {
  readonly kind = CONTENT_VERSION.kind;
  readonly schemaVersion = CONTENT_VERSION.schemaVersion;
  readonly understand = CONTENT_VERSION.understand;

  constructor(
    private readonly log: VersionLog,
    private readonly versions: SiteVersionRepository,
    private readonly known: PackageVersionRepository,
    private readonly deleted: DeletedVersionRepository,
    private readonly queue: DistributionQueueRepository,
    private readonly stores: ReadonlyMap<ContentKind, ResourceStore<unknown, PackageStatus>>,
    private readonly manifests: Pick<ManifestFetcher, 'want'>,
    private readonly wakeUp: WakeUp,
  ) {}

  async use(tx: Transaction, key: string, content: unknown, actor: string): Promise<void> {
    const name = readVersionKey(key);
    if (content === null) return this.drop(tx, name);
    if (actor !== `site:${name.source}`) {
      throw new MusterError(
        'forbidden',
        'content.version-of-another-site',
        `${actor} says what only site ${name.source} can say: that it made version ${name.version} of ${named(name)}`,
      );
    }
    const ownerUid = await this.lockOwner(tx, name.content);
    if (ownerUid === undefined) {
      throw new MusterError('not-found', 'resource.not-found', `There is no ${named(name)} here yet`);
    }
    const version = content as SharedVersion;
    const taken = await this.versions.find(tx, ownerUid, name.version);
    if (taken && this.sourceOf(taken) === name.source && taken.manifest === version.manifest) return;
    if (!(await this.versions.hasManifest(tx, version.manifest))) {
      this.manifests.want(version.manifest, name.source);
      throw new MusterError(
        'unavailable',
        'content.manifest-awaited',
        `The list of files of version ${name.version} of ${named(name)} is not here yet; it is asked for on the way to site ${name.source}`,
      );
    }
    if (taken) await this.makeRoom(tx, ownerUid, name, taken);
    const source = name.source === this.log.here ? null : name.source;
    await this.versions.add(tx, ownerUid, name.version, version, source, actor);
    await this.queue.addVersion(tx, ownerUid, name.version);
    await this.publishStatus(tx, ownerUid, name.content);
    tx.afterCommit(() => this.wakeUp.wake());
  }

  /**
   * What this site has to say of its own versions and has not: those that are older than replication, and those that what came from
   * another site renumbered or deleted. Putting to use records nothing: what it records could be in the batch that is being used.
   */
  async unrecorded(tx: Transaction, limit: number): Promise<{ key: string; content: unknown }[]> {
    const { here } = this.log;
    const found = await this.versions.unrecorded(tx, here, limit);
    const gone = await this.versions.recordedAndGone(tx, here, limit - found.length);
    return [
      ...found.map(({ name, document }) => ({ key: versionKey(name), content: document })),
      ...gone.map((key) => ({ key, content: null })),
    ];
  }

  /**
   * Two sites gave the same number. It stays with the site whose code comes first, at every site; the other site gives its
   * version the next number, and tells of it.
   */
  private async makeRoom(
    tx: Transaction,
    ownerUid: string,
    { content, version, source }: VersionName,
    taken: NumberedVersion,
  ): Promise<void> {
    const { here } = this.log;
    const holder = this.sourceOf(taken);
    if (holder < source && taken.state === 'available') {
      throw new MusterError(
        'conflict',
        'content.version-number-taken',
        `Version ${version} of ${content.kind} "${content.name}" is one of site ${holder} here; site ${source} gives its own another number`,
      );
    }
    if (holder !== here) return this.versions.remove(tx, ownerUid, version);
    await this.versions.renumber(tx, ownerUid, version);
  }

  private async drop(tx: Transaction, { content, version, source }: VersionName): Promise<void> {
    const ownerUid = await this.lockOwner(tx, content);
    if (ownerUid === undefined) return;
    const there = await this.versions.find(tx, ownerUid, version);
    if (!there || this.sourceOf(there) !== source) return;
    if (await this.versions.isDistributed(tx, ownerUid, version)) {
      throw new MusterError(
        'conflict',
        'content.package-in-use',
        `Site ${source} has version ${version} of ${content.kind} "${content.name}" no more, and it is distributed here. Delete its Distribution`,
      );
    }
    await this.deleted.remove(tx, ownerUid, version, `site:${source}`);
    await this.publishStatus(tx, ownerUid, content);
  }

  /** In the order in which an upload locks. */
  private async lockOwner(tx: Transaction, { kind, name }: ContentReference): Promise<string | undefined> {
    const found = await this.stores.get(kind)!.rows.findForUpdate(tx, name);
    if (!found) return undefined;
    await this.known.lockOwner(tx, found.metadata.uid);
    return found.metadata.uid;
  }

  private sourceOf({ source }: NumberedVersion): string {
    return source ?? this.log.here;
  }

  private async publishStatus(tx: Transaction, ownerUid: string, { kind }: ContentReference): Promise<void> {
    const status = (await this.known.findStatuses(tx, [ownerUid])).get(ownerUid)!;
    await this.stores.get(kind)!.writeStatus(tx, ownerUid, status);
  }
}

function named({ content: { kind, name } }: VersionName): string {
  return `${kind} "${name}"`;
}
