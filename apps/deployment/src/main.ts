import { runService } from '@muster/service/start-service.js';
import { deploymentService } from './deployment.service-definition.js';

await runService(deploymentService);
