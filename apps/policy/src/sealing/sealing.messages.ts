import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { compareSecrets } from '@muster/contracts/requests/compare-secrets.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { Bus } from '@muster/messaging/bus.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { SiteSealing } from './site-sealing.js';

/** Tells other services the key to which they seal secrets, and whether two of them are the same: never what they are. */
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
    this.bus.answer(
      compareSecrets,
      async ({ pairs }) => {
        const same: boolean[] = [];
        for (const [one, other] of pairs) {
          const [first, second] = [
            await this.sealing.open(one.sealed, one.for),
            await this.sealing.open(other.sealed, other.for),
          ];
          same.push('value' in first && 'value' in second && first.value === second.value);
        }
        return { same };
      },
      (error) => this.logger.error({ err: error }, 'cannot answer compare-secrets'),
    );
  }
}
