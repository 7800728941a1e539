import { sameJson } from '@muster/contracts/digest.js';
import { distributedContent, type DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { HierarchyRepository, type Hierarchy } from '@muster/replication/hierarchy.repository.js';
import type { Replicas } from '@muster/service/replication/replicas.js';
import { DISTRIBUTION_TARGET, OF_GROUP, readTargetKey, targetKeys, type SharedTarget } from './distribution-target.js';
import type { DistributionTargetRepository } from './distribution-target.repository.js';

type Distribution = Pick<Resource<DistributionSpec, unknown>, 'metadata' | 'spec'>;

/**
 * Tells all sites where content shall go, one record for each content and place, in the transaction that says it. A Distribution as a
 * whole is each site's own: two sites that send the same content to places of their own must not undo each other's word.
 */
export class DistributionTargets {
  private readonly hierarchy = new HierarchyRepository();

  constructor(
    readonly here: string,
    private readonly replicas: Replicas,
    private readonly targets: DistributionTargetRepository,
  ) {}

  /** The sites as this service knows them. */
  sites(database: Queryable): Promise<Hierarchy> {
    return this.hierarchy.read(database, this.here);
  }

  /** A Distribution says this now. @throws MusterError `hierarchy.written-above` */
  async saved(tx: Transaction, distribution: Distribution, previous: Distribution | undefined): Promise<void> {
    const { priority } = distribution.spec;
    const before = previous ? await this.onlyIn(tx, previous) : [];
    await this.write(tx, targetKeys(this.here, distribution.spec), before, priority === undefined ? {} : { priority });
  }

  /** A Distribution is deleted. @throws MusterError `hierarchy.written-above` */
  async deleted(tx: Transaction, distribution: Distribution): Promise<void> {
    await this.write(tx, [], await this.onlyIn(tx, distribution), {});
  }

  /** What a Distribution wanted and no other one of this site wants. */
  private async onlyIn(tx: Transaction, { metadata, spec }: Distribution): Promise<string[]> {
    const others = await this.targets.othersOf(tx, distributedContent(spec), metadata.uid);
    const elsewhere = new Set(others.flatMap((other) => targetKeys(this.here, other)));
    return targetKeys(this.here, spec).filter((key) => !elsewhere.has(key));
  }

  private async write(
    tx: Transaction,
    wanted: readonly string[],
    before: readonly string[],
    document: SharedTarget,
  ): Promise<void> {
    const { log } = this.replicas;
    if (!log) return;
    const gone = before.filter((key) => !wanted.includes(key));
    const known = await this.targets.wanted(tx, [...wanted, ...gone]);
    const unwanted = gone.filter((key) => known.has(key));
    if ((await this.sites(tx)).own?.kind === 'secondary') return this.keepToOwn(wanted, unwanted, known);
    await log.recordMany(tx, DISTRIBUTION_TARGET, [
      ...wanted.filter((key) => !sameJson(known.get(key), document)).map((key) => ({ key, content: document })),
      ...unwanted.map((key) => ({ key, content: null })),
    ]);
  }

  /** A secondary site sends to points of its own, which nobody else is told, and takes back nothing that was said above. */
  private keepToOwn(
    wanted: readonly string[],
    unwanted: readonly string[],
    known: ReadonlyMap<string, SharedTarget>,
  ): void {
    const isOwn = (key: string) => {
      const { place } = readTargetKey(key);
      return place.startsWith(`${this.here}/`) || place.startsWith(OF_GROUP);
    };
    const wrong = unwanted[0] ?? wanted.find((key) => !known.has(key) && !isOwn(key));
    if (wrong === undefined) return;
    throw new MusterError(
      'conflict',
      'hierarchy.written-above',
      `This cannot be written here: that ${wrong} is to be there, or not any more, is said at the primary site of this one, or above. What is written there comes here by itself`,
    );
  }
}
