import { letBuffersDieYoung } from '@muster/platform/buffers-die-young.js';
import { runService } from '@muster/service/start-service.js';
import { contentService } from './content.service-definition.js';

letBuffersDieYoung();
await runService(contentService);
