import type { DistributionResults, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import type { Queryable } from '@muster/persistence/database.js';
import { summariesOf } from '@muster/service/replication/site-summaries.js';
import type { DerivedFrom } from '@muster/service/resources/resource-rules.js';
import type { GroupRepository } from '../groups/group.repository.js';
import { DISTRIBUTION_RESULTS } from '../sites/distribution-results.js';
import type { DistributionTargetRepository } from '../sites/distribution-target.repository.js';
import type { ProgressRepository } from './progress.repository.js';

/** How Distributions stand: at each point of this site, in sums at sites below, and what is named in vain. */
export class DistributionStanding {
  constructor(
    private readonly here: string,
    private readonly progress: ProgressRepository,
    private readonly targets: DistributionTargetRepository,
    private readonly groups: GroupRepository,
  ) {}

  async derive<Item extends DerivedFrom<DistributionStatus>>(database: Queryable, resources: Item[]): Promise<Item[]> {
    const uids = resources.map(({ metadata }) => metadata.uid);
    const statuses = await this.progress.findDistributionStatuses(database, uids);
    const unknown = await this.groups.unknownPoints(database, 'distribution', uids);
    const contents = await this.targets.contentKeys(database, uids);
    const names = [...new Set(contents.values())];
    const told = await summariesOf<DistributionResults>(database, DISTRIBUTION_RESULTS, names, this.here);
    return resources.map((resource) => {
      const { uid } = resource.metadata;
      const sites = told.get(contents.get(uid) ?? '');
      const unknownPoints = unknown.get(uid);
      return {
        ...resource,
        status: {
          ...statuses.get(uid)!,
          ...(sites ? { sites } : {}),
          ...(unknownPoints ? { unknownPoints } : {}),
        },
      };
    });
  }
}
