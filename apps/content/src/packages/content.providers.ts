import type { Provider } from '@nestjs/common';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { DistributionQueueRepository } from '../distributions/distribution-queue.repository.js';
import { ReferenceRepository } from '../distributions/reference.repository.js';
import { WakeUp } from '../distributions/wake-up.js';
import { provide } from '../provide.js';
import { LibraryRemovalRepository } from '../removal/library-removal.repository.js';
import { VersionLog } from '../sites/version-log.js';
import { Stores } from '../stores/stores.js';
import { ContentUsesService } from '../uses/content-uses.service.js';
import { contentRules } from './content.rules.js';
import { DownloadService } from './download.service.js';
import { LibraryBlobRepository } from './library-blob.repository.js';
import { PackageVersionRepository } from './package-version.repository.js';
import { UploadService } from './upload.service.js';

/** The tables of the kinds with files in versions. */
const TABLES: Readonly<Record<ContentKind, string>> = {
  Package: 'package',
  OsImage: 'os_image',
  UpgradePackage: 'upgrade_package',
  BootImage: 'boot_image',
  DriverPackage: 'driver_package',
};

/** The kinds with files in versions, and where their stores are injected from. */
export const CONTENT_STORES = Object.entries(CONTENT_RESOURCES).map(([name, kind]) => ({
  kind,
  table: TABLES[name as ContentKind],
  token: Symbol(kind.plural),
}));

/** `ReadonlyMap<ContentKind, UploadService>` */
export const UPLOADS = Symbol('uploads');
/** `ReadonlyMap<ContentKind, DownloadService>` */
export const DOWNLOADS = Symbol('downloads');

/** Content of every kind, and the ways of its bytes into the library and out of it: the same for all of them. */
export const contentProviders: Provider[] = [
  ...CONTENT_STORES.map(({ kind, table, token }) =>
    provide(
      token,
      [
        Database,
        Outbox,
        Replicas,
        PackageVersionRepository,
        ReferenceRepository,
        DistributionQueueRepository,
        ContentUsesService,
        VersionLog,
        WakeUp,
      ],
      (
        database: Database,
        outbox: Outbox,
        replicas: Replicas,
        versions: PackageVersionRepository,
        references: ReferenceRepository,
        queue: DistributionQueueRepository,
        uses: ContentUsesService,
        log: VersionLog,
        wakeUp: WakeUp,
      ) => {
        const rules = contentRules(kind, database, versions, references, queue, uses, log, wakeUp);
        return new ResourceStore(kind, table, database, outbox, rules, replicas);
      },
    ),
  ),
  provide(
    UPLOADS,
    [
      Database,
      PackageVersionRepository,
      LibraryBlobRepository,
      LibraryRemovalRepository,
      DistributionQueueRepository,
      Stores,
      WakeUp,
      VersionLog,
      ...CONTENT_STORES.map(({ token }) => token),
    ],
    (
      database: Database,
      versions: PackageVersionRepository,
      blobs: LibraryBlobRepository,
      removals: LibraryRemovalRepository,
      queue: DistributionQueueRepository,
      stores: Stores,
      wakeUp: WakeUp,
      log: VersionLog,
      ...kinds: ResourceStore<unknown, PackageStatus>[]
    ) =>
      new Map(
        kinds.map((store) => [
          store.kind.kind,
          new UploadService(database, store, versions, blobs, removals, queue, stores.library, wakeUp, log),
        ]),
      ),
  ),
  provide(
    DOWNLOADS,
    [Database, PackageVersionRepository, LibraryBlobRepository, Stores],
    (database: Database, versions: PackageVersionRepository, blobs: LibraryBlobRepository, stores: Stores) =>
      new Map(
        CONTENT_STORES.map(({ kind }) => [
          kind.kind,
          new DownloadService(database, kind.kind as ContentKind, versions, blobs, stores.library),
        ]),
      ),
  ),
];
