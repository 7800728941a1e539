import type { Provider } from '@nestjs/common';
import { application } from '@muster/contracts/kinds/application.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { provide } from '../provide.js';
import { ContentUsesService } from '../uses/content-uses.service.js';
import { ApplicationRepository } from './application.repository.js';
import { applicationRules } from './application.rules.js';

export const APPLICATIONS = Symbol('applications');

/** Applications and what they name. */
export const applicationProviders: Provider[] = [
  { provide: ApplicationRepository, useFactory: () => new ApplicationRepository() },
  provide(
    APPLICATIONS,
    [Database, Outbox, Replicas, ApplicationRepository, ContentUsesService],
    (
      database: Database,
      outbox: Outbox,
      replicas: Replicas,
      applications: ApplicationRepository,
      uses: ContentUsesService,
    ) => {
      const rules = applicationRules(database, applications, uses);
      return new ResourceStore(application, 'application', database, outbox, rules, replicas);
    },
  ),
];
