import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { findRunsUnderWay } from '@muster/contracts/requests/find-runs-under-way.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { UnderWayRepository } from './under-way.repository.js';

/** Answers other services' questions about runs. */
@Injectable()
export class RunMessages implements OnModuleInit {
  private readonly runs = new UnderWayRepository();

  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.answer(
      findRunsUnderWay,
      async ({ deploymentUids, deviceUid }) => {
        const found = await this.runs.find(this.database, deploymentUids, deviceUid);
        return { items: found.map((one) => ({ ...one, since: one.since.toISOString() })) };
      },
      (error) => this.logger.error({ err: error }, 'cannot answer find-runs-under-way'),
    );
  }
}
