import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { findDeploymentUses, findManifestUses } from '@muster/contracts/requests/find-uses.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { CompileRepository } from './compile.repository.js';
import { ManifestUses } from './manifest-uses.service.js';

/** Tells other services whose devices are told of some content. */
@Injectable()
export class ContentUsesMessages implements OnModuleInit {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(CompileRepository) private readonly work: CompileRepository,
    @Inject(ManifestUses) private readonly manifestUses: ManifestUses,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.answer(
      findDeploymentUses,
      async ({ limit, ...content }) => ({
        items: await this.work.findDeploymentsWith(this.database, content, limit),
      }),
      (error) => this.logger.error({ err: error }, 'cannot answer find-deployment-uses'),
    );
    this.bus.answer(
      findManifestUses,
      async ({ manifests, endedWithinHours }) => ({
        items: await this.manifestUses.find(manifests, endedWithinHours),
      }),
      (error) => this.logger.error({ err: error }, 'cannot answer find-manifest-uses'),
    );
  }
}
