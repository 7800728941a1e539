import {
  distributedContent,
  type DistributionSpec,
  type DistributionStatus,
} from '@muster/contracts/kinds/distribution.js';
import { isElsewhere, saidAt } from '@muster/contracts/kinds/point-reference.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import { missingReference, missingReferences, refuseMissing } from '../groups/missing-references.js';
import type { DistributionTargets } from '../sites/distribution-targets.js';
import type { DistributionQueueRepository } from './distribution-queue.repository.js';
import type { DistributionStanding } from './distribution-standing.js';
import type { ProgressRepository } from './progress.repository.js';
import type { ReferenceRepository } from './reference.repository.js';
import type { WakeUp } from './wake-up.js';

/** What is special about distributions: they name things that exist, saving one makes jobs, which are its status, and all sites hear of it. */
export function distributionRules(
  database: Database,
  references: ReferenceRepository,
  queue: DistributionQueueRepository,
  progress: ProgressRepository,
  wakeUp: WakeUp,
  targets: DistributionTargets,
  standing: DistributionStanding,
): ResourceRules<DistributionSpec, DistributionStatus> {
  async function resolve(
    queryable: Queryable,
    name: string,
    spec: DistributionSpec,
    options: { lock: boolean; replicated?: boolean | undefined; before: readonly string[] },
  ) {
    const { points = [], groups = [] } = spec;
    const content = distributedContent(spec);
    const found = await references.find(queryable, content, points, groups, options);
    // What another site named may be gone here: the status says so, and the other points count. Whoever adds to it is not to blame.
    const taken = options.replicated ? points : [...found.points, ...options.before];
    const known = await knownPoints(queryable, points, new Set(taken));
    if (found.ownerUid !== undefined && points.every(has(known)) && groups.every(has(found.groups))) {
      return found.ownerUid;
    }
    return refuseMissing('Distribution', name, [
      ...(found.ownerUid === undefined ? [missingReference('/spec/package', content.kind, content.name)] : []),
      ...missingReferences([
        { path: '/spec/points', kind: 'DistributionPoint', names: points, known },
        { path: '/spec/groups', kind: 'DistributionPointGroup', names: groups, known: found.groups },
      ]),
    ]);
  }

  /** Of other sites only which there are is known here. */
  async function knownPoints(queryable: Queryable, points: readonly string[], taken: ReadonlySet<string>) {
    const elsewhere = points.filter((point) => isElsewhere(point) && !taken.has(point));
    if (elsewhere.length === 0) return taken;
    const { places } = await targets.sites(queryable);
    return new Set([...taken, ...elsewhere.filter((point) => places.has(point.slice(0, point.indexOf('/'))))]);
  }

  const saidHere = (spec: DistributionSpec): DistributionSpec =>
    spec.points ? { ...spec, points: [...new Set(saidAt(targets.here, spec.points))] } : spec;

  return {
    merge: (_current, input) => ({ ...input, spec: saidHere(input.spec) }),

    async check(input) {
      const { name } = input.metadata;
      const before = await references.findNamedPoints(database, name);
      await resolve(database, name, saidHere(input.spec), { lock: false, before });
    },

    async status(tx, _input, current) {
      if (!current) return { points: [] };
      const { uid } = current.metadata;
      return (await progress.findDistributionStatuses(tx, [uid])).get(uid)!;
    },

    async saved(tx, resource, previous, _actor, _comment, replicated) {
      const { uid, name } = resource.metadata;
      const ownerUid = await resolve(tx, name, resource.spec, {
        lock: true,
        replicated,
        before: previous?.spec.points ?? [],
      });
      await queue.setTargets(tx, uid, ownerUid, previous?.spec);
      if (!replicated) await targets.saved(tx, resource, previous);
      // The answer and the fact tell of the jobs that were just made.
      resource.status = (await progress.findDistributionStatuses(tx, [uid])).get(uid)!;
      tx.afterCommit(() => wakeUp.wake());
    },

    async deleting(tx, resource, { replicated }) {
      await queue.removeDistribution(tx, resource.metadata.uid);
      if (!replicated) await targets.deleted(tx, resource);
    },

    derive: (resources) => standing.derive(database, resources),
  };
}

function has(names: ReadonlySet<string>): (name: string) => boolean {
  return (name) => names.has(name);
}
