import type { DistributionPointSpec, DistributionPointStatus } from '@muster/contracts/kinds/distribution-point.js';
import type { Database, Queryable } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import { missingReferences, refuseMissing } from '../groups/missing-references.js';
import type { Stores } from '../stores/stores.js';
import type { DistributionQueueRepository } from './distribution-queue.repository.js';
import type { ProgressRepository } from './progress.repository.js';
import type { ReferenceRepository } from './reference.repository.js';
import type { WakeUp } from './wake-up.js';

/** What is special about points: their keys are known here by name only, and moving one means filling it anew. */
export function distributionPointRules(
  database: Database,
  stores: Stores,
  references: ReferenceRepository,
  queue: DistributionQueueRepository,
  progress: ProgressRepository,
  wakeUp: WakeUp,
): ResourceRules<DistributionPointSpec, DistributionPointStatus> {
  async function requireSources(
    queryable: Queryable,
    name: string,
    { pullFrom = [] }: DistributionPointSpec,
    lock: boolean,
  ) {
    const names = pullFrom.map(({ point }) => point);
    const known = await references.findPoints(queryable, names, { lock });
    // It may be new, and pulls from itself in neither case.
    known.delete(name);
    const findings = missingReferences([
      { path: '/spec/pullFrom', kind: 'other DistributionPoint', names, known, at: '/point' },
    ]);
    if (findings.length > 0) refuseMissing('DistributionPoint', name, findings);
  }

  return {
    async check({ metadata, spec }) {
      await requireSources(database, metadata.name, spec, false);
      const known = stores.credentialNames();
      if (known.includes(spec.credentials)) return;
      const message = `the content service has no credentials "${spec.credentials}"; it has: ${known.join(', ') || 'none'}`;
      throw new MusterError(
        'invalid',
        'content.unknown-credentials',
        `DistributionPoint "${metadata.name}" cannot be used: /spec/credentials: ${message}`,
        {
          findings: [
            {
              path: '/spec/credentials',
              code: 'content.unknown-credentials',
              message,
              fix: 'Write its keys into the file of MUSTER_POINT_CREDENTIALS_FILE; of a site of "muster up" that is keys/point-credentials.json in its data folder',
            },
          ],
        },
      );
    },

    async status(tx, _input, current) {
      if (!current) return { available: 0, pending: 0, failed: 0 };
      const { uid } = current.metadata;
      return (await progress.findPointStatuses(tx, [uid])).get(uid)!;
    },

    async saved(tx, { metadata, spec }, previous) {
      await requireSources(tx, metadata.name, spec, true);
      if (!previous) {
        await queue.addPoint(tx, metadata.uid);
        tx.afterCommit(() => wakeUp.wake());
        return;
      }
      if (Boolean(spec.prestaged) !== Boolean(previous.spec.prestaged))
        await queue.settleByHand(tx, { pointUid: metadata.uid });
      const moved = spec.endpoint !== previous.spec.endpoint || spec.bucket !== previous.spec.bucket;
      if (moved) await queue.restartPoint(tx, metadata.uid);
      else await queue.retryPoint(tx, metadata.uid);
      tx.afterCommit(() => wakeUp.wake());
    },

    async deleting(tx, { metadata }) {
      const users = await references.findUsersOfPoint(tx, metadata.name);
      if (users.length > 0) {
        throw new MusterError(
          'conflict',
          'content.point-in-use',
          `DistributionPoint "${metadata.name}" is named by ${users.join(', ')}. Take it out there first`,
        );
      }
      await queue.forgetPoint(tx, metadata.uid);
    },

    async derive(resources) {
      const statuses = await progress.findPointStatuses(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((resource) => ({ ...resource, status: statuses.get(resource.metadata.uid)! }));
    },
  };
}
