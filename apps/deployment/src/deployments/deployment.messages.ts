import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { findDeployments } from '@muster/contracts/requests/find-deployments.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { DeploymentRepository } from './deployment.repository.js';

/** Answers other services' questions about deployments. */
@Injectable()
export class DeploymentMessages implements OnModuleInit {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(DeploymentRepository) private readonly deployments: DeploymentRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.answer(
      findDeployments,
      ({ sequence, limit }) => this.deployments.ofSequence(this.database, sequence, limit),
      (error) => this.logger.error({ err: error }, 'cannot answer find-deployments'),
    );
  }
}
