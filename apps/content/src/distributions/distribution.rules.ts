import type { DistributionSpec, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-store.js';
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
    const points = [...new Set(spec.points)];
    const { packageUid, pointUids } = await references.find(queryable, spec.package, points, options);
    if (packageUid !== undefined && pointUids.size === points.length) {
      return { packageUid, pointUids: [...pointUids.values()] };
    }
    throw missingReferences(name, spec, packageUid !== undefined, pointUids);
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

    async saved(tx, resource) {
      const { uid, name } = resource.metadata;
      const { packageUid, pointUids } = await resolve(tx, name, resource.spec, { lock: true });
      await queue.setTargets(tx, uid, packageUid, pointUids);
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

function missingReferences(
  name: string,
  spec: DistributionSpec,
  packageExists: boolean,
  points: ReadonlyMap<string, string>,
): MusterError {
  const missing = (path: string, what: string): ProblemFinding => ({
    path,
    code: 'content.missing-reference',
    message: `there is no ${what}`,
    fix: 'Apply it first, or correct the name',
  });
  const findings = [
    ...(packageExists ? [] : [missing('/spec/package', `Package "${spec.package}"`)]),
    ...spec.points.flatMap((point, index) =>
      points.has(point) ? [] : [missing(`/spec/points/${index}`, `DistributionPoint "${point}"`)],
    ),
  ];
  const [first] = findings;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return new MusterError(
    'invalid',
    'content.missing-reference',
    `Distribution "${name}" names what does not exist: ${first?.path}: ${first?.message}${more}`,
    { findings },
  );
}
