import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import type { Kind } from '@muster/contracts/resource.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { OnPrestagedPoints } from '@muster/contracts/kinds/distribution-behaviour.js';
import type { DistributionQueueRepository } from '../distributions/distribution-queue.repository.js';
import type { ReferenceRepository } from '../distributions/reference.repository.js';
import type { WakeUp } from '../distributions/wake-up.js';
import type { VersionLog } from '../sites/version-log.js';
import type { ContentUsesService } from '../uses/content-uses.service.js';
import { refuseUsed } from '../uses/refuse-used.js';
import type { PackageVersionRepository } from './package-version.repository.js';

const MOST_NAMED = 5;

/** What is special about content of any kind: its versions are its status, and what is distributed stays. */
export function contentRules(
  { kind }: Kind<unknown, PackageStatus>,
  database: Database,
  versions: PackageVersionRepository,
  references: ReferenceRepository,
  queue: DistributionQueueRepository,
  uses: ContentUsesService,
  log: VersionLog,
  wakeUp: WakeUp,
): ResourceRules<unknown, PackageStatus> {
  return {
    async status(tx, _input, current) {
      if (!current) return { versions: [] };
      const { uid } = current.metadata;
      return (await versions.findStatuses(tx, [uid])).get(uid)!;
    },

    async saved(tx, { metadata, spec }, previous) {
      if (!previous || onPrestagedPoints(spec) === onPrestagedPoints(previous.spec)) return;
      await queue.settleByHand(tx, { packageUid: metadata.uid });
      tx.afterCommit(() => wakeUp.wake());
    },

    async unused({ metadata }) {
      refuseUsed(await uses.find(kind as ContentKind, metadata.name));
    },

    async deleting(tx, { metadata }, { replicated }) {
      // Whoever saves a Distribution of it waits here, or has been here before.
      await versions.lockOwner(tx, metadata.uid);
      const content = { kind: kind as ContentKind, name: metadata.name };
      const users = await references.findDistributionsOf(tx, content, MOST_NAMED);
      // What only this had leaves the library.
      tx.afterCommit(() => wakeUp.wake());
      if (users.length === 0) return replicated ? undefined : log.contentDeleted(tx, content);
      throw new MusterError(
        'conflict',
        'content.package-in-use',
        `${kind} "${metadata.name}" is distributed by ${users.map((name) => `"${name}"`).join(', ')}. Delete that Distribution first`,
      );
    },

    async derive(resources) {
      const statuses = await versions.findStatuses(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((resource) => ({ ...resource, status: statuses.get(resource.metadata.uid)! }));
    },
  };
}

function onPrestagedPoints(spec: unknown): OnPrestagedPoints {
  return (spec as { onPrestagedPoints?: OnPrestagedPoints }).onPrestagedPoints ?? 'Automatic';
}
