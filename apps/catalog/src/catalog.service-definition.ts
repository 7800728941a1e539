import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { application } from '@muster/contracts/kinds/application.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import type { Kind } from '@muster/contracts/resource.js';
import { on } from '@muster/messaging/consumer.js';
import { serviceConfigSchema, type ServiceConfig } from '@muster/platform/config.js';
import { migrationsBeside, type ServiceDefinition } from '@muster/service/service-definition.js';
import { AuthoringModule } from './authoring.module.js';
import { DanglingReferenceRepository } from './dangling/dangling-reference.repository.js';
import { SCHEMA_PATH } from './schema/schema.controller.js';
import { TaskSequencesModule } from './task-sequences/task-sequences.module.js';

/** What nodes of sequences refer to besides sequences. */
const CONTENT: readonly Kind[] = [...Object.values(CONTENT_RESOURCES), application as Kind];

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
      content: CONTENT.map((kind) => ({ kind: kind.kind, ...resourceEvents(kind) })).flatMap(
        ({ kind, saved, deleted }) => [
          on(saved, (tx, { resource }) => dangling.contentSaved(tx, kind, resource.metadata.name)),
          on(deleted, (tx, { resource }) => dangling.contentDeleted(tx, kind, resource.metadata.name)),
        ],
      ),
    }),
  },
  modules: [TaskSequencesModule, AuthoringModule],
};
