import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { findNodeUses } from '@muster/contracts/requests/find-uses.js';
import { readSequence } from '@muster/contracts/requests/read-sequence.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { SequenceIndexRepository } from '../search/sequence-index.repository.js';
import { SequenceSecrets } from '../secrets/sequence-secrets.service.js';
import { SequenceRevisionRepository } from './sequence-revision.repository.js';

/** Answers other services' questions about sequences. */
@Injectable()
export class TaskSequenceMessages implements OnModuleInit {
  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Database) private readonly database: Database,
    @Inject(SequenceRevisionRepository) private readonly revisions: SequenceRevisionRepository,
    @Inject(SequenceIndexRepository) private readonly indexes: SequenceIndexRepository,
    @Inject(SequenceSecrets) private readonly secrets: SequenceSecrets,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.answer(
      readSequence,
      async (question) => {
        const found =
          'digest' in question
            ? await this.revisions.findByDigest(this.database, question.digest, question.name)
            : await this.revisions.findNewest(this.database, question.name);
        return { sequence: found ? { ...found, secrets: await this.secrets.of(found.spec) } : null };
      },
      (error) => this.logger.error({ err: error }, 'cannot answer read-sequence'),
    );
    this.bus.answer(
      findNodeUses,
      async ({ kind, name, limit }) => {
        const found = await this.indexes.findUses(this.database, { kind, name }, ['', -1], limit);
        return { items: found.map(({ sequence, path, disabled }) => ({ sequence, path, disabled })) };
      },
      (error) => this.logger.error({ err: error }, 'cannot answer find-node-uses'),
    );
  }
}
