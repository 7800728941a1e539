import { runMigration } from '@muster/service/run-migration.js';
import { policyService } from './policy.service-definition.js';

await runMigration(policyService);
