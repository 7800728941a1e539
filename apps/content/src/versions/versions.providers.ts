import type { Provider } from '@nestjs/common';
import { storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { ContentConfig } from '../config.js';
import { ReferenceRepository } from '../distributions/reference.repository.js';
import { WakeUp } from '../distributions/wake-up.js';
import { CONTENT_STORES } from '../packages/content.providers.js';
import { PackageVersionRepository } from '../packages/package-version.repository.js';
import { readExtents } from '../packages/read-extents.js';
import { provide } from '../provide.js';
import { VersionLog } from '../sites/version-log.js';
import { Stores } from '../stores/stores.js';
import { DeletedVersionRepository } from './deleted-version.repository.js';
import { VersionDeletion } from './version-deletion.js';
import { VersionDifferences } from './version-differences.js';
import { VersionsService } from './versions.service.js';

/** Who tells people what versions content has. */
export const versionsProviders: Provider[] = [
  { provide: DeletedVersionRepository, useFactory: () => new DeletedVersionRepository() },
  provide(
    VersionDeletion,
    [
      Database,
      Bus,
      PackageVersionRepository,
      DeletedVersionRepository,
      ReferenceRepository,
      VersionLog,
      WakeUp,
      CONFIG,
      ...CONTENT_STORES.map(({ token }) => token),
    ],
    (
      database: Database,
      bus: Bus,
      versions: PackageVersionRepository,
      deleted: DeletedVersionRepository,
      references: ReferenceRepository,
      log: VersionLog,
      wakeUp: WakeUp,
      config: ContentConfig,
      ...stores: ResourceStore<unknown, PackageStatus>[]
    ) => {
      const byKind = new Map(stores.map((store) => [store.kind.kind as ContentKind, store]));
      const keepHours = config.MUSTER_KEEP_OLD_VERSIONS_HOURS;
      return new VersionDeletion(database, bus, versions, deleted, references, log, wakeUp, byKind, keepHours);
    },
  ),
  provide(
    VersionsService,
    [Database, PackageVersionRepository, Stores],
    (database: Database, versions: PackageVersionRepository, { library }: Stores) =>
      new VersionsService(database, versions, new VersionDifferences((file) => readExtents(library, storageOf(file)))),
  ),
];
