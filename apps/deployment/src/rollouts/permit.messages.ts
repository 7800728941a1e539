import type { OnModuleInit } from '@nestjs/common';
import { askPermit, explainPermits } from '@muster/contracts/requests/ask-permit.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Logger } from 'pino';
import type { Permits } from './permits.service.js';

/** Answers policy's questions about permits. */
export class PermitMessages implements OnModuleInit {
  constructor(
    private readonly bus: Bus,
    private readonly permits: Permits,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.answer(
      askPermit,
      (question) => this.permits.ask(question),
      (error) => this.logger.error({ err: error }, 'cannot answer ask-permit'),
    );
    this.bus.answer(
      explainPermits,
      async ({ deviceUid, deploymentUids }) => ({ permits: await this.permits.explain(deviceUid, deploymentUids) }),
      (error) => this.logger.error({ err: error }, 'cannot answer explain-permits'),
    );
  }
}
