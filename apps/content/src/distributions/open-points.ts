import type { Queryable } from '@muster/persistence/database.js';
import { admitTransfers } from './admit-transfers.js';
import type { DistributionJobRepository, PointAdmission } from './distribution-job.repository.js';

/** The points to which something waits to go and may go now, and how much of it. */
export async function openPoints(database: Queryable, jobs: DistributionJobRepository): Promise<PointAdmission[]> {
  const now = new Date();
  return (await jobs.findWaitingPoints(database))
    .map(({ uid, spec }) => ({ pointUid: uid, ...admitTransfers(spec, now) }))
    .filter(({ priorities }) => priorities !== 0);
}
