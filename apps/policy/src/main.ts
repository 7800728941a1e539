import { runService } from '@muster/service/start-service.js';
import { policyService } from './policy.service-definition.js';

await runService(policyService);
