import { runMigration } from '@muster/service/run-migration.js';
import { deploymentService } from './deployment.service-definition.js';

await runMigration(deploymentService);
