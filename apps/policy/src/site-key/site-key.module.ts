import { Global, Module } from '@nestjs/common';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { SiteKey } from './site-key.js';

/** The site's signing key, for whoever signs or derives from it. */
@Global()
@Module({
  providers: [
    { provide: SiteKey, inject: [CONFIG], useFactory: (config: PolicyConfig) => new SiteKey(config.MUSTER_SITE_KEY) },
  ],
  exports: [SiteKey],
})
export class SiteKeyModule {}
