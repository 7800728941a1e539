import { runService } from '@muster/service/start-service.js';
import { catalogService } from './catalog.service-definition.js';

await runService(catalogService);
