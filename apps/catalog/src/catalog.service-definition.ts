import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { on } from '@muster/messaging/consumer.js';
import { serviceConfigSchema, type ServiceConfig } from '@muster/platform/config.js';
import { migrationsBeside, type ServiceDefinition } from '@muster/service/service-definition.js';
import { AuthoringModule } from './authoring.module.js';
import { DanglingReferenceRepository } from './dangling/dangling-reference.repository.js';
import { SCHEMA_PATH } from './schema/schema.controller.js';
import { TaskSequencesModule } from './task-sequences/task-sequences.module.js';

const packages = resourceEvents(packageKind);

/** What can run: task sequences and their revisions. */
export const catalogService: ServiceDefinition<ServiceConfig> = {
  service: 'catalog',
  config: serviceConfigSchema,
  migrations: migrationsBeside(import.meta.dirname),
  routes: [{ method: 'GET', path: SCHEMA_PATH, proof: 'none' }],
  subscriptions: {
    imports: [TaskSequencesModule],
    inject: [DanglingReferenceRepository],
    useFactory: (dangling: DanglingReferenceRepository) => ({
      content: [
        on(packages.saved, (tx, { resource }) => dangling.packageSaved(tx, resource.metadata.name)),
        on(packages.deleted, (tx, { resource }) => dangling.packageDeleted(tx, resource.metadata.name)),
      ],
    }),
  },
  modules: [TaskSequencesModule, AuthoringModule],
};
