import { Global, Module } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { SiteKeyAudit } from './site-key-audit.js';
import { SiteKeyController } from './site-key.controller.js';
import { SiteKey } from './site-key.js';

/** The site's signing key, for whoever signs or derives from it. */
@Global()
@Module({
  controllers: [SiteKeyController],
  providers: [
    { provide: SiteKey, inject: [CONFIG], useFactory: (config: PolicyConfig) => new SiteKey(config.MUSTER_SITE_KEY) },
    {
      provide: SiteKeyAudit,
      inject: [Database, SiteKey, CONFIG],
      useFactory: (database: Database, siteKey: SiteKey, { MUSTER_SITE: site }: PolicyConfig) =>
        new SiteKeyAudit(database, siteKey, site),
    },
  ],
  exports: [SiteKey],
})
export class SiteKeyModule {}
