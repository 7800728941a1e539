import type { Provider } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { ContentConfig } from '../config.js';
import { DistributionJobRepository } from '../distributions/distribution-job.repository.js';
import { WakeUp } from '../distributions/wake-up.js';
import { PackageVersionRepository } from '../packages/package-version.repository.js';
import { provide } from '../provide.js';
import { RemovalRepository } from '../removal/removal.repository.js';
import { Stores } from '../stores/stores.js';
import { PointRepository } from './point.repository.js';
import { PrestageService } from './prestage.service.js';

/** Who takes content that somebody carried to a point. */
export const prestageProviders: Provider[] = [
  { provide: PointRepository, useFactory: () => new PointRepository() },
  provide(
    PrestageService,
    [
      Database,
      PackageVersionRepository,
      PointRepository,
      DistributionJobRepository,
      RemovalRepository,
      Stores,
      WakeUp,
      CONFIG,
    ],
    (
      database: Database,
      versions: PackageVersionRepository,
      points: PointRepository,
      jobs: DistributionJobRepository,
      removals: RemovalRepository,
      stores: Stores,
      wakeUp: WakeUp,
      config: ContentConfig,
    ) =>
      new PrestageService(database, versions, points, jobs, removals, stores, wakeUp, config.MUSTER_AUDIT_EVERY_HOURS),
  ),
];
