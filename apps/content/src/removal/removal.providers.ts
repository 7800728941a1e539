import type { Provider } from '@nestjs/common';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { ContentConfig } from '../config.js';
import { WakeUp } from '../distributions/wake-up.js';
import { provide } from '../provide.js';
import { Stores } from '../stores/stores.js';
import { LibraryRemovalRepository } from './library-removal.repository.js';
import { LibraryRemover } from './library-remover.js';
import { OldVersions } from './old-versions.js';
import { RemovalRepository } from './removal.repository.js';
import { Remover } from './remover.js';

/** Who removes what nothing needs any more. */
export const removalProviders: Provider[] = [
  { provide: RemovalRepository, useFactory: () => new RemovalRepository() },
  { provide: LibraryRemovalRepository, useFactory: () => new LibraryRemovalRepository() },
  provide(
    OldVersions,
    [Database, Bus, RemovalRepository],
    (database: Database, bus: Bus, removals: RemovalRepository) => new OldVersions(database, bus, removals),
  ),
  provide(
    LibraryRemover,
    [Database, LibraryRemovalRepository, Stores, LOGGER, CONFIG, WakeUp],
    (
      database: Database,
      removals: LibraryRemovalRepository,
      stores: Stores,
      logger: Logger,
      config: ContentConfig,
      wakeUp: WakeUp,
    ) => new LibraryRemover(database, removals, stores, logger, config.MUSTER_REMOVE_AFTER_MINUTES, wakeUp),
  ),
  provide(
    Remover,
    [Database, RemovalRepository, OldVersions, Stores, LOGGER, CONFIG, WakeUp],
    (
      database: Database,
      removals: RemovalRepository,
      oldVersions: OldVersions,
      stores: Stores,
      logger: Logger,
      config: ContentConfig,
      wakeUp: WakeUp,
    ) =>
      new Remover(
        database,
        removals,
        oldVersions,
        stores,
        logger,
        { graceMinutes: config.MUSTER_REMOVE_AFTER_MINUTES, keepOldHours: config.MUSTER_KEEP_OLD_VERSIONS_HOURS },
        wakeUp,
      ),
  ),
];
