import type { Provider } from '@nestjs/common';
import { boundaryGroup } from '@muster/contracts/kinds/boundary-group.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { ContentConfig } from '../config.js';
import { GroupRepository } from '../groups/group.repository.js';
import { provide } from '../provide.js';
import { boundaryGroupRules } from './boundary-group.rules.js';
import { BoundaryMap } from './boundary-map.js';
import { BoundaryRepository } from './boundary.repository.js';

export const BOUNDARY_GROUPS = Symbol('boundary groups');

/** Boundary groups and the map that is made of them. */
export const boundaryProviders: Provider[] = [
  { provide: BoundaryRepository, useFactory: () => new BoundaryRepository() },
  provide(
    BOUNDARY_GROUPS,
    [Database, Outbox, Replicas, BoundaryRepository, GroupRepository],
    (database: Database, outbox: Outbox, replicas: Replicas, boundaries: BoundaryRepository, points: GroupRepository) =>
      new ResourceStore(
        boundaryGroup,
        'boundary_group',
        database,
        outbox,
        boundaryGroupRules(replicas.site, database, boundaries, points),
        replicas,
      ),
  ),
  provide(
    BoundaryMap,
    [Database, BoundaryRepository, CONFIG],
    (database: Database, boundaries: BoundaryRepository, config: ContentConfig) =>
      new BoundaryMap(database, boundaries, config.MUSTER_SITE),
  ),
];
