import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { Bus } from '@muster/messaging/bus.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { SiteSealing } from './site-sealing.js';

/** Tells other services the key to which they seal secrets. */
@Injectable()
export class SealingMessages implements OnModuleInit {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(SiteSealing) private readonly sealing: SiteSealing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.answer(
      readSealingKey,
      async () => ({ key: this.sealing.publicKey }),
      (error) => this.logger.error({ err: error }, 'cannot answer read-sealing-key'),
    );
  }
}
