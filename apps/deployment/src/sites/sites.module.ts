import { Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import type { ServiceConfig } from '@muster/platform/config.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import { SiteSummaries } from '@muster/service/replication/site-summaries.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { collectionSizes, deploymentResults } from './summaries.js';

/** Tells the site above how many members collections have here, and what became of deployments. */
@Module({
  providers: [
    {
      provide: SiteSummaries,
      inject: [CONFIG, Database, Replicas, SiteReplication, LOGGER],
      useFactory: (
        config: ServiceConfig,
        database: Database,
        { log }: Replicas,
        replication: SiteReplication,
        logger: Logger,
      ) => {
        const summaries = [collectionSizes, deploymentResults];
        return new SiteSummaries(config.MUSTER_SITE, database, log, replication, summaries, logger);
      },
    },
  ],
})
export class SitesModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(SiteSummaries) private readonly summaries: SiteSummaries) {}

  onApplicationBootstrap(): void {
    this.summaries.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.summaries.stop();
  }
}
