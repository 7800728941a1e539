import type { Provider } from '@nestjs/common';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { ApplicationRepository } from '../applications/application.repository.js';
import { ReferenceRepository } from '../distributions/reference.repository.js';
import { provide } from '../provide.js';
import { ContentUsesService } from './content-uses.service.js';

/** Who says who names what. */
export const usesProviders: Provider[] = [
  provide(
    ContentUsesService,
    [Database, Bus, ApplicationRepository, ReferenceRepository],
    (database: Database, bus: Bus, applications: ApplicationRepository, references: ReferenceRepository) =>
      new ContentUsesService(database, bus, applications, references),
  ),
];
