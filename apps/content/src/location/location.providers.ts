import type { Provider } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { BoundaryMap } from '../boundaries/boundary-map.js';
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
    ContentLocator,
    [Database, PackageVersionRepository, LocationRepository, BoundaryMap, Stores],
    (
      database: Database,
      versions: PackageVersionRepository,
      locations: LocationRepository,
      boundaries: BoundaryMap,
      stores: Stores,
    ) => new ContentLocator(database, versions, locations, boundaries, stores),
  ),
  provide(
    ContentSourceFinder,
    [Database, LocationRepository, BoundaryMap],
    (database: Database, locations: LocationRepository, boundaries: BoundaryMap) =>
      new ContentSourceFinder(database, locations, boundaries),
  ),
];
