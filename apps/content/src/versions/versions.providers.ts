import type { Provider } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { PackageVersionRepository } from '../packages/package-version.repository.js';
import { provide } from '../provide.js';
import { VersionsService } from './versions.service.js';

/** Who tells people what versions content has. */
export const versionsProviders: Provider[] = [
  provide(
    VersionsService,
    [Database, PackageVersionRepository],
    (database: Database, versions: PackageVersionRepository) => new VersionsService(database, versions),
  ),
];
