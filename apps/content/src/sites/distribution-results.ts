import type { DistributionResults } from '@muster/contracts/kinds/distribution.js';
import type { Queryable } from '@muster/persistence/database.js';
import type { Summary } from '@muster/service/replication/site-summaries.js';
import type { DistributionResultsRepository } from './distribution-results.repository.js';

/** Of this site's sums, as the site above gets them. */
export const DISTRIBUTION_RESULTS = 'DistributionResults';

/** How content stands at the points of this site, by content: sums that change a few times for each transfer. */
export function distributionResults(results: DistributionResultsRepository): Summary<DistributionResults> {
  return {
    kind: DISTRIBUTION_RESULTS,
    mark: (database: Queryable) => results.mark(database),
    read: (database: Queryable) => results.read(database),
  };
}
