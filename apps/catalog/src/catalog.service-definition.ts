import { serviceConfigSchema, type ServiceConfig } from '@muster/platform/config.js';
import { migrationsBeside, type ServiceDefinition } from '@muster/service/service-definition.js';
import { AuthoringModule } from './authoring.module.js';
import { SCHEMA_PATH } from './schema/schema.controller.js';
import { TaskSequencesModule } from './task-sequences/task-sequences.module.js';

/** What can run: task sequences and their revisions. */
export const catalogService: ServiceDefinition<ServiceConfig> = {
  service: 'catalog',
  config: serviceConfigSchema,
  migrations: migrationsBeside(import.meta.dirname),
  routes: [{ method: 'GET', path: SCHEMA_PATH, proof: 'none' }],
  modules: [TaskSequencesModule, AuthoringModule],
};
