import { runMigration } from '@muster/service/run-migration.js';
import { catalogService } from './catalog.service-definition.js';

await runMigration(catalogService);
