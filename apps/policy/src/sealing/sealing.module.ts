import { Module } from '@nestjs/common';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { SiteKey } from '../site-key/site-key.js';
import { SealingMessages } from './sealing.messages.js';
import { SiteSealing } from './site-sealing.js';

@Module({
  providers: [
    {
      provide: SiteSealing,
      inject: [SiteKey, CONFIG],
      useFactory: (siteKey: SiteKey, config: PolicyConfig) =>
        new SiteSealing(siteKey, undefined, config.MUSTER_SEALING_KEY),
    },
    SealingMessages,
  ],
  exports: [SiteSealing],
})
export class SealingModule {}
