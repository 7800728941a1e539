import type { Provider } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { ContentConfig } from '../config.js';
import { DistributionJobRepository } from '../distributions/distribution-job.repository.js';
import { WakeUp } from '../distributions/wake-up.js';
import { LibraryBlobRepository } from '../packages/library-blob.repository.js';
import { provide } from '../provide.js';
import { Stores } from '../stores/stores.js';
import { ActionRepository } from './action.repository.js';
import { Auditor } from './auditor.js';
import { CopyRepository } from './copy.repository.js';
import { DistributionActions } from './distribution-actions.js';

/** Who looks after what is stored. */
export const auditProviders: Provider[] = [
  { provide: CopyRepository, useFactory: () => new CopyRepository() },
  { provide: ActionRepository, useFactory: () => new ActionRepository() },
  provide(
    DistributionActions,
    [Database, ActionRepository, WakeUp],
    (database: Database, actions: ActionRepository, wakeUp: WakeUp) =>
      new DistributionActions(database, actions, wakeUp),
  ),
  provide(
    Auditor,
    [Database, CopyRepository, DistributionJobRepository, LibraryBlobRepository, Stores, LOGGER, CONFIG, WakeUp],
    (
      database: Database,
      copies: CopyRepository,
      jobs: DistributionJobRepository,
      libraryBlobs: LibraryBlobRepository,
      stores: Stores,
      logger: Logger,
      config: ContentConfig,
      wakeUp: WakeUp,
    ) =>
      new Auditor(
        database,
        copies,
        jobs,
        libraryBlobs,
        stores,
        logger,
        {
          slots: config.MUSTER_AUDIT_SLOTS,
          everyHours: config.MUSTER_AUDIT_EVERY_HOURS,
          leaseSeconds: config.MUSTER_TRANSFER_LEASE_SECONDS,
        },
        wakeUp,
      ),
  ),
];
