import { Module } from '@nestjs/common';
import { SiteKey } from '../site-key/site-key.js';
import { SealingMessages } from './sealing.messages.js';
import { SiteSealing } from './site-sealing.js';

@Module({
  providers: [
    { provide: SiteSealing, inject: [SiteKey], useFactory: (siteKey: SiteKey) => new SiteSealing(siteKey) },
    SealingMessages,
  ],
  exports: [SiteSealing],
})
export class SealingModule {}
