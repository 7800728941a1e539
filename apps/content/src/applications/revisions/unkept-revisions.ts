import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { digestOf } from '@muster/contracts/digest.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { ApplicationRevisionRepository } from './application-revision.repository.js';

const BATCH = 50;
const TRY_AGAIN_MILLISECONDS = 10_000;
/** Who saved is not known any more. */
export const UNKNOWN_AUTHOR = 'unknown';

/** Keeps, after a start, the revision of each application that a release without revisions saved. Several processes share the work. */
export class UnkeptRevisions implements OnApplicationBootstrap, OnModuleDestroy {
  private stopping = false;
  private working: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly revisions: ApplicationRevisionRepository,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.working = this.keepAll().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'cannot keep first revisions of applications right now; trying again');
      if (!this.stopping) this.timer = setTimeout(() => this.onApplicationBootstrap(), TRY_AGAIN_MILLISECONDS).unref();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.working;
  }

  private async keepAll(): Promise<void> {
    let kept = BATCH;
    while (kept === BATCH && !this.stopping) kept = await this.keepSome();
  }

  private async keepSome(): Promise<number> {
    return this.database.transaction(async (tx) => {
      const unkept = await this.revisions.takeUnkept(tx, BATCH);
      for (const { uid, spec } of unkept) {
        const newest = { revision: await this.revisions.nextNumber(tx, uid), digest: digestOf(spec) };
        await this.revisions.add(tx, { uid, ...newest, spec, author: UNKNOWN_AUTHOR });
        await this.revisions.setNewest(tx, uid, newest);
      }
      return unkept.length;
    });
  }
}
