import type { PackageSpec, PackageStatus } from '@muster/contracts/kinds/package.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-store.js';
import type { ReferenceRepository } from '../distributions/reference.repository.js';
import type { PackageVersionRepository } from './package-version.repository.js';

/** What is special about packages: their versions are their status, and what is distributed stays. */
export function packageRules(
  database: Database,
  versions: PackageVersionRepository,
  references: ReferenceRepository,
): ResourceRules<PackageSpec, PackageStatus> {
  return {
    async status(tx, _input, current) {
      if (!current) return { versions: [] };
      const { uid } = current.metadata;
      return (await versions.findStatuses(tx, [uid])).get(uid)!;
    },

    async deleting(tx, { metadata }) {
      const users = await references.findDistributionsOfPackage(tx, metadata.name);
      if (users.length === 0) return;
      throw new MusterError(
        'conflict',
        'content.package-in-use',
        `Package "${metadata.name}" is distributed by ${users.map((name) => `"${name}"`).join(', ')}. Delete that Distribution first`,
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
