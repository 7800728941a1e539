import { migrationsBeside, type ServiceDefinition } from '@muster/service/service-definition.js';
import { contentConfigSchema, type ContentConfig } from './config.js';
import { ContentModule } from './content.module.js';

/** Where the bits are: packages and their versions, distribution points, and the way from one to the other. */
export const contentService: ServiceDefinition<ContentConfig> = {
  service: 'content',
  config: contentConfigSchema,
  migrations: migrationsBeside(import.meta.dirname),
  modules: [ContentModule],
};
