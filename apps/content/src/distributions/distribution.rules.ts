import {
  distributedContent,
  type DistributionSpec,
  type DistributionStatus,
} from '@muster/contracts/kinds/distribution.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import { missingReference, missingReferences, refuseMissing } from '../groups/missing-references.js';
import type { DistributionQueueRepository } from './distribution-queue.repository.js';
import type { ProgressRepository } from './progress.repository.js';
import type { ReferenceRepository } from './reference.repository.js';
import type { WakeUp } from './wake-up.js';

/** What is special about distributions: they name things that exist, and saving one makes jobs, which are its status. */
export function distributionRules(
  database: Database,
  references: ReferenceRepository,
  queue: DistributionQueueRepository,
  progress: ProgressRepository,
  wakeUp: WakeUp,
): ResourceRules<DistributionSpec, DistributionStatus> {
  async function resolve(queryable: Queryable, name: string, spec: DistributionSpec, options: { lock: boolean }) {
    const { points = [], groups = [] } = spec;
    const content = distributedContent(spec);
    const found = await references.find(queryable, content, points, groups, options);
    if (found.ownerUid !== undefined && points.every(has(found.points)) && groups.every(has(found.groups))) {
      return found.ownerUid;
    }
    return refuseMissing('Distribution', name, [
      ...(found.ownerUid === undefined ? [missingReference('/spec/package', content.kind, content.name)] : []),
      ...missingReferences([
        { path: '/spec/points', kind: 'DistributionPoint', names: points, known: found.points },
        { path: '/spec/groups', kind: 'DistributionPointGroup', names: groups, known: found.groups },
      ]),
    ]);
  }

  return {
    async check(input) {
      await resolve(database, input.metadata.name, input.spec, { lock: false });
    },

    async status(tx, _input, current) {
      if (!current) return { points: [] };
      const { uid } = current.metadata;
      return (await progress.findDistributionStatuses(tx, [uid])).get(uid)!;
    },

    async saved(tx, resource, previous) {
      const { uid, name } = resource.metadata;
      const ownerUid = await resolve(tx, name, resource.spec, { lock: true });
      await queue.setTargets(tx, uid, ownerUid, previous?.spec);
      // The answer and the fact tell of the jobs that were just made.
      resource.status = (await progress.findDistributionStatuses(tx, [uid])).get(uid)!;
      tx.afterCommit(() => wakeUp.wake());
    },

    async deleting(tx, { metadata }) {
      await queue.removeDistribution(tx, metadata.uid);
    },

    async derive(resources) {
      const statuses = await progress.findDistributionStatuses(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((resource) => ({ ...resource, status: statuses.get(resource.metadata.uid)! }));
    },
  };
}

function has(names: ReadonlySet<string>): (name: string) => boolean {
  return (name) => names.has(name);
}
