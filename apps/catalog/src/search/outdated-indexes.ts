import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { INDEX_VERSION, indexSequence } from './index-sequence.js';
import { SequenceIndexRepository } from './sequence-index.repository.js';

const BATCH = 50;
const TRY_AGAIN_MILLISECONDS = 10_000;

/** Indexes, after a start, what was saved before there was an index, or by other rules. Several processes share the work. */
@Injectable()
export class OutdatedIndexes implements OnApplicationBootstrap, OnModuleDestroy {
  private stopping = false;
  private working: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SequenceIndexRepository) private readonly indexes: SequenceIndexRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.working = this.renewAll().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'cannot index task sequences right now; trying again');
      if (!this.stopping) this.timer = setTimeout(() => this.onApplicationBootstrap(), TRY_AGAIN_MILLISECONDS).unref();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.working;
  }

  private async renewAll(): Promise<void> {
    let renewed = BATCH;
    while (renewed === BATCH && !this.stopping) renewed = await this.renewSome();
  }

  private async renewSome(): Promise<number> {
    return this.database.transaction(async (tx) => {
      const outdated = await this.indexes.takeOutdated(tx, INDEX_VERSION, BATCH);
      const entries = outdated.map((one) => ({ uid: one.uid, ...indexSequence(one, one.spec) }));
      if (entries.length > 0) await this.indexes.replace(tx, INDEX_VERSION, entries);
      return entries.length;
    });
  }
}
