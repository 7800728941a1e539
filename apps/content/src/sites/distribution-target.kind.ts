import { sameJson } from '@muster/contracts/digest.js';
import { contentKey, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { distributionName } from '@muster/contracts/kinds/distribution-name.js';
import type { DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import { API_VERSION, type ResourceInput } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ReplicatedKind, UsableObject } from '@muster/replication/replicated-kind.js';
import type { DistributionStore } from '../distributions/distribution-store.js';
import {
  DISTRIBUTION_TARGET,
  mostUrgent,
  placesOf,
  readTargetKey,
  targetKeys,
  withoutPlace,
  withPlace,
  type SharedTarget,
} from './distribution-target.js';
import type { DistributionTargetRepository } from './distribution-target.repository.js';

/** A place that shall hold some content, or shall not any more. */
interface Change {
  readonly key: string;
  readonly place: string;
  readonly wanted: SharedTarget | null;
  readonly actor: string;
}

/**
 * What any site said of where content shall go, in the Distributions of this one: it carries out what names its own points. A place comes
 * to the Distribution that is called after its content, unless another one names it already.
 */
export class DistributionTargetKind implements ReplicatedKind {
  readonly kind = DISTRIBUTION_TARGET.kind;
  readonly schemaVersion = DISTRIBUTION_TARGET.schemaVersion;
  readonly understand = DISTRIBUTION_TARGET.understand;

  constructor(
    private readonly here: string,
    private readonly targets: DistributionTargetRepository,
    private readonly distributions: DistributionStore,
  ) {}

  async use(tx: Transaction, key: string, content: unknown, actor: string): Promise<void> {
    await this.useMany(tx, [{ key, content, actor }]);
  }

  async useMany(tx: Transaction, objects: readonly UsableObject[]): Promise<void> {
    const named = objects.map(({ key, content, actor }) => ({
      ...readTargetKey(key),
      change: { key, wanted: content as SharedTarget | null, actor },
    }));
    for (const ofOne of Map.groupBy(named, ({ content }) => contentKey(content)).values()) {
      const changes = ofOne.map(({ place, change }): Change => ({ place, ...change }));
      await this.change(tx, ofOne[0]!.content, changes);
    }
  }

  unrecorded(tx: Transaction, limit: number): Promise<{ key: string; content: unknown }[]> {
    return this.targets.unrecorded(tx, this.here, limit);
  }

  /** All that is said of one content, each place once: one write for each Distribution of it. */
  private async change(tx: Transaction, content: ContentReference, changes: readonly Change[]): Promise<void> {
    const { here } = this;
    const rows = await this.distributions.rows.findManyForUpdate(tx, await this.targets.distributionsOf(tx, content));
    const before = new Map(rows.map((row) => [row.metadata.name, row]));
    const specs = new Map(rows.map(({ metadata, spec }) => [metadata.name, spec]));
    for (const { place, wanted } of changes) {
      const naming = [...specs].filter(([, spec]) => placesOf(here, spec).includes(place));
      if (wanted === null) for (const [name, spec] of naming) specs.set(name, withoutPlace(here, spec, place));
      if (wanted === null || naming.length > 0) continue;
      const name = distributionName(content);
      if (!specs.has(name)) await this.refuseTaken(tx, name, content);
      const { kind } = content;
      const none = { package: content.name, ...(kind === 'Package' ? {} : { kind }) };
      specs.set(name, withPlace(here, specs.get(name) ?? none, place));
    }
    const { actor } = changes.at(-1)!;
    for (const [name, said] of specs) {
      const spec = await this.withPriority(tx, said, changes);
      const row = before.get(name);
      if (row && sameJson(row.spec, spec)) continue;
      const isEmpty = placesOf(here, spec).length === 0;
      const { displayName, folder, labels } = row?.metadata ?? {};
      const input: ResourceInput<DistributionSpec> = {
        apiVersion: API_VERSION,
        kind: 'Distribution',
        metadata: { name, displayName, folder, labels },
        spec,
      };
      await this.distributions.applyReplicated(tx, { name, input: isEmpty ? null : input, actor });
    }
  }

  /** A Distribution has one priority, and sites may say several at the same time: the most urgent counts, at every site. */
  private async withPriority(
    tx: Transaction,
    spec: DistributionSpec,
    changes: readonly Change[],
  ): Promise<DistributionSpec> {
    const keys = targetKeys(this.here, spec);
    // What is being used is no replica yet.
    const known = new Map<string, SharedTarget | null>(await this.targets.wanted(tx, keys));
    for (const { key, wanted } of changes) if (keys.includes(key)) known.set(key, wanted);
    const said = [...known.values()].filter((wanted) => wanted !== null);
    if (said.length === 0) return spec;
    const { priority: _before, ...rest } = spec;
    const priority = mostUrgent(said.map((wanted) => wanted.priority));
    return priority === undefined ? rest : { ...rest, priority };
  }

  private async refuseTaken(tx: Transaction, name: string, { kind, name: of }: ContentReference): Promise<void> {
    if (!(await this.distributions.rows.findForUpdate(tx, name))) return;
    throw new MusterError(
      'conflict',
      'content.distribution-name',
      `Distribution "${name}" is for something else than ${kind} "${of}" here. Give it another name`,
    );
  }
}
