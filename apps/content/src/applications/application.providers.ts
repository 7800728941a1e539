import type { Provider } from '@nestjs/common';
import { application, type ApplicationSpec, type ApplicationStatus } from '@muster/contracts/kinds/application.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { provide } from '../provide.js';
import { ContentUsesService } from '../uses/content-uses.service.js';
import { ApplicationRepository } from './application.repository.js';
import { applicationRules } from './application.rules.js';
import { ApplicationRevisionRepository } from './revisions/application-revision.repository.js';
import { ApplicationRevisionsService } from './revisions/application-revisions.service.js';
import { UnkeptRevisions } from './revisions/unkept-revisions.js';

export const APPLICATIONS = Symbol('applications');

/** Applications and what they name. */
export const applicationProviders: Provider[] = [
  { provide: ApplicationRepository, useFactory: () => new ApplicationRepository() },
  { provide: ApplicationRevisionRepository, useFactory: () => new ApplicationRevisionRepository() },
  provide(
    APPLICATIONS,
    [Database, Outbox, Replicas, ApplicationRepository, ApplicationRevisionRepository, ContentUsesService],
    (
      database: Database,
      outbox: Outbox,
      replicas: Replicas,
      applications: ApplicationRepository,
      revisions: ApplicationRevisionRepository,
      uses: ContentUsesService,
    ) =>
      new ResourceStore(
        application,
        'application',
        database,
        outbox,
        applicationRules(database, applications, revisions, uses),
        replicas,
      ),
  ),
  provide(
    ApplicationRevisionsService,
    [Database, ApplicationRevisionRepository, APPLICATIONS],
    (
      database: Database,
      revisions: ApplicationRevisionRepository,
      store: ResourceStore<ApplicationSpec, ApplicationStatus>,
    ) => new ApplicationRevisionsService(database, revisions, store),
  ),
  provide(
    UnkeptRevisions,
    [Database, ApplicationRevisionRepository, LOGGER],
    (database: Database, revisions: ApplicationRevisionRepository, logger: Logger) =>
      new UnkeptRevisions(database, revisions, logger),
  ),
];
