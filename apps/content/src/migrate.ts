import { runMigration } from '@muster/service/run-migration.js';
import { contentService } from './content.service-definition.js';

await runMigration(contentService);
