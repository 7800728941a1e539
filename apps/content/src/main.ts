import { runService } from '@muster/service/start-service.js';
import { contentService } from './content.service-definition.js';

await runService(contentService);
