import type { SiteMembers } from '@muster/contracts/kinds/collection.js';
import type { SiteResults } from '@muster/contracts/kinds/deployment.js';
import type { Summary } from '@muster/service/replication/site-summaries.js';
import { TOLD_FATES } from '../fates/told-fates.js';

/** Members of each collection at this site, from sizes that are kept anyway. */
export const collectionSizes: Summary<Omit<SiteMembers, 'site'>> = {
  kind: 'CollectionSize',
  async read(database) {
    const rows = await database.query<{ name: string; members: number }>(
      `select name, coalesce(members, 0)::int as members
       from collection left join collection_size on collection_uid = collection.uid`,
    );
    return new Map(rows.map(({ name, members }) => [name, { members }]));
  },
};

/** Results of each deployment at this site and what its devices wait for, from tallies that are kept anyway: nobody counts a fleet for it. */
export const deploymentResults: Summary<Omit<SiteResults, 'site'>> = {
  kind: 'DeploymentResults',
  async read(database) {
    const rows = await database.query<{
      name: string;
      members: number;
      succeeded: number;
      failed: number;
      fates: SiteResults['fates'] | null;
    }>(
      `select deployment.name, coalesce(members, 0)::int as members,
         coalesce(succeeded, 0)::int as succeeded, coalesce(failed, 0)::int as failed, told.fates
       from deployment
       left join collection on collection.name = deployment.collection
       left join collection_size on collection_uid = collection.uid
       left join deployment_tally on deployment_uid = deployment.uid
       left join (${TOLD_FATES}) as told on told.deployment_uid = deployment.uid`,
    );
    return new Map(rows.map(({ name, fates, ...counts }) => [name, fates ? { ...counts, fates } : counts]));
  },
};
