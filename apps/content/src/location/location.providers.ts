import type { Provider } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { BoundaryMap } from '../boundaries/boundary-map.js';
import { DISTRIBUTIONS, type DistributionStore } from '../distributions/distribution-store.js';
import { OnDemand } from '../on-demand/on-demand.js';
import { OnDemandRepository } from '../on-demand/on-demand.repository.js';
import { PackageVersionRepository } from '../packages/package-version.repository.js';
import { provide } from '../provide.js';
import { Stores } from '../stores/stores.js';
import { ContentSourceFinder } from './content-sources.js';
import { ContentLocator } from './locate.js';
import { LocationRepository } from './location.repository.js';

/** Who tells agents and people where content is. */
export const locationProviders: Provider[] = [
  { provide: LocationRepository, useFactory: () => new LocationRepository() },
  provide(
    OnDemand,
    [Database, BoundaryMap, DISTRIBUTIONS],
    (database: Database, boundaries: BoundaryMap, distributions: DistributionStore) =>
      new OnDemand(database, new OnDemandRepository(), boundaries, distributions),
  ),
  provide(
    ContentLocator,
    [Database, PackageVersionRepository, LocationRepository, BoundaryMap, Stores, OnDemand, LOGGER],
    (
      database: Database,
      versions: PackageVersionRepository,
      locations: LocationRepository,
      boundaries: BoundaryMap,
      stores: Stores,
      onDemand: OnDemand,
      logger: Logger,
    ) => new ContentLocator(database, versions, locations, boundaries, stores, onDemand, logger),
  ),
  provide(
    ContentSourceFinder,
    [Database, LocationRepository, BoundaryMap],
    (database: Database, locations: LocationRepository, boundaries: BoundaryMap) =>
      new ContentSourceFinder(database, locations, boundaries),
  ),
];
