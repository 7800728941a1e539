import { Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { application } from '@muster/contracts/kinds/application.js';
import { boundaryGroup } from '@muster/contracts/kinds/boundary-group.js';
import { distribution } from '@muster/contracts/kinds/distribution.js';
import { distributionPoint } from '@muster/contracts/kinds/distribution-point.js';
import { distributionPointGroup } from '@muster/contracts/kinds/distribution-point-group.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { SiteSummaries } from '@muster/service/replication/site-summaries.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { APPLICATIONS, applicationProviders } from './applications/application.providers.js';
import { ApplicationRepository } from './applications/application.repository.js';
import { ApplicationRevisionsController } from './applications/revisions/application-revisions.controller.js';
import { ApplicationRevisionsGrpcController } from './applications/revisions/application-revisions.grpc.js';
import { auditProviders } from './audit/audit.providers.js';
import { Auditor } from './audit/auditor.js';
import { DistributionActionsController } from './audit/distribution-actions.controller.js';
import { DistributionActionsGrpcController } from './audit/distribution-actions.grpc.js';
import { DistributionActions } from './audit/distribution-actions.js';
import { BOUNDARY_GROUPS, boundaryProviders } from './boundaries/boundary.providers.js';
import type { ContentConfig } from './config.js';
import { AnnouncementRepository } from './distributions/announcement.repository.js';
import { Announcer } from './distributions/announcer.js';
import { DistributionJobRepository } from './distributions/distribution-job.repository.js';
import { DISTRIBUTIONS, type DistributionStore } from './distributions/distribution-store.js';
import { distributionPointRules } from './distributions/distribution-point.rules.js';
import { DistributionQueueRepository } from './distributions/distribution-queue.repository.js';
import { DistributionWorker } from './distributions/distribution-worker.js';
import { distributionProviders } from './distributions/distribution.providers.js';
import { ProgressRepository } from './distributions/progress.repository.js';
import { ReferenceRepository } from './distributions/reference.repository.js';
import { transferProviders } from './distributions/transfer.providers.js';
import { WakeUp } from './distributions/wake-up.js';
import { DISTRIBUTION_POINT_GROUPS, groupProviders } from './groups/group.providers.js';
import { ContentMessages } from './location/content.messages.js';
import { ContentLocator } from './location/locate.js';
import { ContentSourceFinder } from './location/content-sources.js';
import { ContentSourcesController } from './location/content-sources.controller.js';
import { ContentSourcesGrpcController } from './location/content-sources.grpc.js';
import { locationProviders } from './location/location.providers.js';
import { LocationRepository } from './location/location.repository.js';
import { CONTENT_STORES, contentProviders } from './packages/content.providers.js';
import { LibraryBlobRepository } from './packages/library-blob.repository.js';
import { PackageVersionRepository } from './packages/package-version.repository.js';
import { UploadsController } from './packages/uploads.controller.js';
import { UploadsGrpcController } from './packages/uploads.grpc.js';
import { PrestageController } from './prestage/prestage.controller.js';
import { PrestageGrpcController } from './prestage/prestage.grpc.js';
import { prestageProviders } from './prestage/prestage.providers.js';
import { provide } from './provide.js';
import { removalProviders } from './removal/removal.providers.js';
import { LibraryRemover } from './removal/library-remover.js';
import { Remover } from './removal/remover.js';
import { CompressedCopies } from './sites/compressed-copies.js';
import { ManifestFetcher } from './sites/manifest-fetcher.js';
import { sitesProviders } from './sites/sites.providers.js';
import { Stores } from './stores/stores.js';
import { ContentUsesController } from './uses/content-uses.controller.js';
import { ContentUsesGrpcController } from './uses/content-uses.grpc.js';
import { usesProviders } from './uses/uses.providers.js';
import { VersionsController } from './versions/versions.controller.js';
import { VersionsGrpcController } from './versions/versions.grpc.js';
import { versionsProviders } from './versions/versions.providers.js';

export const DISTRIBUTION_POINTS = Symbol('distribution points');

/** Starts the loops once everything is wired, and ends them while the database is still open. */
class ContentLoops implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly worker: DistributionWorker,
    private readonly announcer: Announcer,
    private readonly auditor: Auditor,
    private readonly remover: Remover,
    private readonly libraryRemover: LibraryRemover,
    private readonly compressedCopies: CompressedCopies,
    private readonly manifests: ManifestFetcher,
    private readonly summaries: SiteSummaries,
  ) {}

  onApplicationBootstrap(): void {
    this.worker.start();
    this.announcer.start();
    this.auditor.start();
    this.remover.start();
    this.libraryRemover.start();
    this.compressedCopies.start();
    this.manifests.start();
    this.summaries.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.worker.stop();
    await this.announcer.stop();
    await this.auditor.stop();
    await this.remover.stop();
    await this.libraryRemover.stop();
    await this.compressedCopies.stop();
    await this.manifests.stop();
    await this.summaries.stop();
  }
}

const kinds = [
  ...CONTENT_STORES,
  { kind: application, token: APPLICATIONS },
  { kind: distributionPoint, token: DISTRIBUTION_POINTS },
  { kind: distributionPointGroup, token: DISTRIBUTION_POINT_GROUPS },
  { kind: boundaryGroup, token: BOUNDARY_GROUPS },
  { kind: distribution, token: DISTRIBUTIONS },
];

const repositories = [
  AnnouncementRepository,
  DistributionJobRepository,
  DistributionQueueRepository,
  LibraryBlobRepository,
  PackageVersionRepository,
  ProgressRepository,
  ReferenceRepository,
];

@Module({
  controllers: [
    UploadsController,
    UploadsGrpcController,
    PrestageController,
    PrestageGrpcController,
    VersionsController,
    VersionsGrpcController,
    ContentSourcesController,
    ContentSourcesGrpcController,
    DistributionActionsController,
    DistributionActionsGrpcController,
    ApplicationRevisionsController,
    ApplicationRevisionsGrpcController,
    ContentUsesController,
    ContentUsesGrpcController,
    ...kinds.flatMap(({ kind, token }) => [restController(kind, token), grpcController(kind, token)]),
  ],
  providers: [
    ...repositories.map((Repository) => ({ provide: Repository, useFactory: () => new Repository() })),
    { provide: WakeUp, useFactory: () => new WakeUp() },
    ...contentProviders,
    ...applicationProviders,
    ...usesProviders,
    ...groupProviders,
    ...boundaryProviders,
    ...locationProviders,
    ...auditProviders,
    ...removalProviders,
    ...prestageProviders,
    ...versionsProviders,
    ...sitesProviders,
    provide(Stores, [CONFIG, LOGGER], (config: ContentConfig, logger: Logger) => new Stores(config, logger)),
    provide(
      DISTRIBUTION_POINTS,
      [Database, Outbox, Stores, ReferenceRepository, DistributionQueueRepository, ProgressRepository, WakeUp],
      (
        database: Database,
        outbox: Outbox,
        stores: Stores,
        references: ReferenceRepository,
        queue: DistributionQueueRepository,
        progress: ProgressRepository,
        wakeUp: WakeUp,
      ) =>
        new ResourceStore(
          distributionPoint,
          'distribution_point',
          database,
          outbox,
          distributionPointRules(database, stores, references, queue, progress, wakeUp),
        ),
    ),
    ...distributionProviders,
    ...transferProviders,
    provide(
      Announcer,
      [Database, DISTRIBUTIONS, AnnouncementRepository, ProgressRepository, WakeUp, LOGGER],
      (
        database: Database,
        distributions: DistributionStore,
        announcements: AnnouncementRepository,
        progress: ProgressRepository,
        wakeUp: WakeUp,
        logger: Logger,
      ) => new Announcer(database, distributions, announcements, progress, wakeUp, logger),
    ),
    provide(
      ContentMessages,
      [
        Bus,
        Database,
        LocationRepository,
        ApplicationRepository,
        ContentLocator,
        ContentSourceFinder,
        DistributionActions,
        LOGGER,
      ],
      (
        bus: Bus,
        database: Database,
        locations: LocationRepository,
        applications: ApplicationRepository,
        locator: ContentLocator,
        sources: ContentSourceFinder,
        actions: DistributionActions,
        logger: Logger,
      ) => new ContentMessages(bus, database, locations, applications, locator, sources, actions, logger),
    ),
    provide(
      ContentLoops,
      [
        DistributionWorker,
        Announcer,
        Auditor,
        Remover,
        LibraryRemover,
        CompressedCopies,
        ManifestFetcher,
        SiteSummaries,
      ],
      (
        worker: DistributionWorker,
        announcer: Announcer,
        auditor: Auditor,
        remover: Remover,
        libraryRemover: LibraryRemover,
        compressedCopies: CompressedCopies,
        manifests: ManifestFetcher,
        summaries: SiteSummaries,
      ) =>
        new ContentLoops(worker, announcer, auditor, remover, libraryRemover, compressedCopies, manifests, summaries),
    ),
  ],
})
export class ContentModule {}
