import type { Provider } from '@nestjs/common';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import { Database } from '@muster/persistence/database.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { ContentConfig } from '../config.js';
import { DistributionQueueRepository } from '../distributions/distribution-queue.repository.js';
import { WakeUp } from '../distributions/wake-up.js';
import { CONTENT_STORES } from '../packages/content.providers.js';
import { LibraryBlobRepository } from '../packages/library-blob.repository.js';
import { PackageVersionRepository } from '../packages/package-version.repository.js';
import { provide } from '../provide.js';
import { Stores } from '../stores/stores.js';
import { DeletedVersionRepository } from '../versions/deleted-version.repository.js';
import { BlobAddressBook } from './blob-addresses.js';
import { CompressedCopies } from './compressed-copies.js';
import { CompressedCopyRepository } from './compressed-copy.repository.js';
import { ContentVersionKind } from './content-version.kind.js';
import { ManifestFetcher } from './manifest-fetcher.js';
import { SiteBytes } from './site-bytes.js';
import { SiteVersionRepository } from './site-version.repository.js';
import { VersionLog } from './version-log.js';

/** Versions of other sites, and the way of their bytes to this one. */
export const sitesProviders: Provider[] = [
  { provide: SiteVersionRepository, useFactory: () => new SiteVersionRepository() },
  provide(
    VersionLog,
    [CONFIG, Replicas, SiteVersionRepository],
    (config: ContentConfig, replicas: Replicas, versions: SiteVersionRepository) =>
      new VersionLog(config.MUSTER_SITE, replicas, versions),
  ),
  provide(
    ManifestFetcher,
    [Database, SiteReplication, PackageVersionRepository, SiteVersionRepository, LOGGER],
    (
      database: Database,
      sites: SiteReplication,
      known: PackageVersionRepository,
      versions: SiteVersionRepository,
      logger: Logger,
    ) => new ManifestFetcher(database, sites, known, versions, logger),
  ),
  { provide: CompressedCopyRepository, useFactory: () => new CompressedCopyRepository() },
  provide(
    CompressedCopies,
    [Database, CompressedCopyRepository, LibraryBlobRepository, Stores, LOGGER, CONFIG],
    (
      database: Database,
      copies: CompressedCopyRepository,
      blobs: LibraryBlobRepository,
      stores: Stores,
      logger: Logger,
      config: ContentConfig,
    ) => new CompressedCopies(database, copies, blobs, stores.library, logger, config.MUSTER_LIBRARY_COMPRESSES),
  ),
  provide(
    BlobAddressBook,
    [Database, SiteReplication, LibraryBlobRepository, Stores, CompressedCopies],
    (
      database: Database,
      sites: SiteReplication,
      blobs: LibraryBlobRepository,
      stores: Stores,
      copies: CompressedCopies,
    ) => new BlobAddressBook(database, sites, blobs, stores.library, copies),
  ),
  provide(
    SiteBytes,
    [Database, BlobAddressBook, SiteVersionRepository, LibraryBlobRepository, Stores, CONFIG],
    (
      database: Database,
      addresses: BlobAddressBook,
      versions: SiteVersionRepository,
      blobs: LibraryBlobRepository,
      stores: Stores,
      config: ContentConfig,
    ) => new SiteBytes(database, addresses, versions, blobs, stores.library, config.MUSTER_SITE_TRANSFERS),
  ),
  provide(
    ContentVersionKind,
    [
      Replicas,
      VersionLog,
      SiteVersionRepository,
      PackageVersionRepository,
      DeletedVersionRepository,
      DistributionQueueRepository,
      ManifestFetcher,
      WakeUp,
      ...CONTENT_STORES.map(({ token }) => token),
    ],
    (
      replicas: Replicas,
      log: VersionLog,
      versions: SiteVersionRepository,
      known: PackageVersionRepository,
      deleted: DeletedVersionRepository,
      queue: DistributionQueueRepository,
      manifests: ManifestFetcher,
      wakeUp: WakeUp,
      ...stores: ResourceStore<unknown, PackageStatus>[]
    ) => {
      const byKind = new Map(stores.map((store) => [store.kind.kind as ContentKind, store]));
      const kind = new ContentVersionKind(log, versions, known, deleted, queue, byKind, manifests, wakeUp);
      replicas.add(kind);
      return kind;
    },
  ),
];
