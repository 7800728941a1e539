import type { DistributionSpec, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';

/** Where the store of Distributions is injected from. */
export const DISTRIBUTIONS = Symbol('distributions');

export type DistributionStore = ResourceStore<DistributionSpec, DistributionStatus>;
