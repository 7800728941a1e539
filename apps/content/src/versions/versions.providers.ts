import type { Provider } from '@nestjs/common';
import { storageOf } from '@muster/contracts/agent/manifest-blobs.js';
import { Database } from '@muster/persistence/database.js';
import { PackageVersionRepository } from '../packages/package-version.repository.js';
import { readExtents } from '../packages/read-extents.js';
import { provide } from '../provide.js';
import { Stores } from '../stores/stores.js';
import { VersionDifferences } from './version-differences.js';
import { VersionsService } from './versions.service.js';

/** Who tells people what versions content has. */
export const versionsProviders: Provider[] = [
  provide(
    VersionsService,
    [Database, PackageVersionRepository, Stores],
    (database: Database, versions: PackageVersionRepository, { library }: Stores) =>
      new VersionsService(database, versions, new VersionDifferences((file) => readExtents(library, storageOf(file)))),
  ),
];
