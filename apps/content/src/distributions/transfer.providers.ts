import type { Provider } from '@nestjs/common';
import { Bus } from '@muster/messaging/bus.js';
import { WorkQueue } from '@muster/messaging/work-queue.js';
import { Database } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { ContentConfig } from '../config.js';
import { LibraryBlobRepository } from '../packages/library-blob.repository.js';
import { provide } from '../provide.js';
import { RemovalRepository } from '../removal/removal.repository.js';
import { SiteBytes } from '../sites/site-bytes.js';
import { Stores } from '../stores/stores.js';
import { DistributionJobRepository } from './distribution-job.repository.js';
import { DistributionWorker, ticketSilenceSeconds } from './distribution-worker.js';
import { JobCarrier } from './job-carrier.js';
import { PullRepository } from './pull.repository.js';
import { Pulls } from './pulls.js';
import { WakeUp } from './wake-up.js';

/** Handing out transfers, and carrying them. */
export const transferProviders: Provider[] = [
  provide(
    WorkQueue,
    [Bus, CONFIG],
    (bus: Bus, config: ContentConfig) =>
      new WorkQueue(bus, 'content', 'transfers', ticketSilenceSeconds(config.MUSTER_TRANSFER_LEASE_SECONDS)),
  ),
  provide(
    Pulls,
    [Database, Stores, WakeUp],
    (database: Database, stores: Stores, wakeUp: WakeUp) => new Pulls(database, new PullRepository(), stores, wakeUp),
  ),
  provide(
    JobCarrier,
    [
      Database,
      DistributionJobRepository,
      LibraryBlobRepository,
      RemovalRepository,
      Stores,
      SiteBytes,
      Pulls,
      WakeUp,
      LOGGER,
      CONFIG,
    ],
    (
      database: Database,
      jobs: DistributionJobRepository,
      blobs: LibraryBlobRepository,
      removals: RemovalRepository,
      stores: Stores,
      sites: SiteBytes,
      pulls: Pulls,
      wakeUp: WakeUp,
      logger: Logger,
      config: ContentConfig,
    ) =>
      new JobCarrier(database, jobs, blobs, removals, stores, sites, pulls, wakeUp, logger, {
        leaseSeconds: config.MUSTER_TRANSFER_LEASE_SECONDS,
        auditHours: config.MUSTER_AUDIT_EVERY_HOURS,
      }),
  ),
  provide(
    DistributionWorker,
    [WorkQueue, Database, DistributionJobRepository, JobCarrier, WakeUp, LOGGER, CONFIG],
    (
      queue: WorkQueue,
      database: Database,
      jobs: DistributionJobRepository,
      carrier: JobCarrier,
      wakeUp: WakeUp,
      logger: Logger,
      config: ContentConfig,
    ) =>
      new DistributionWorker(queue, database, jobs, carrier, wakeUp, logger, {
        slots: config.MUSTER_TRANSFER_SLOTS,
        leaseSeconds: config.MUSTER_TRANSFER_LEASE_SECONDS,
      }),
  ),
];
