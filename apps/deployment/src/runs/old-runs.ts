import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { run, type RunSpec, type RunStatus } from '@muster/contracts/kinds/run.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import type { OldRunPlace, OldRunRepository } from './old-run.repository.js';

/** Those that stay because something is counted by them are looked at each time: seldom is often enough. */
const EVERY_MILLISECONDS = 60 * 60_000;
const AT_ONCE = 200;

const { deleted } = resourceEvents(run);

/**
 * Forgets runs that ended long ago, with their steps, in portions: reports that come meanwhile never wait for long. In every replica: a
 * run that another one holds is left to it.
 */
export class OldRuns implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private stopping = false;

  /** @param days for how many days they are kept; 0: for ever */
  constructor(
    private readonly database: Database,
    private readonly runs: ResourceStore<RunSpec, RunStatus>,
    private readonly repository: OldRunRepository,
    private readonly outbox: Outbox,
    private readonly days: number,
    logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.round(),
      EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot forget old runs right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    if (this.days > 0) this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    await this.loop.stop();
  }

  private async round(): Promise<void> {
    for (let after: OldRunPlace | undefined; !this.stopping;) {
      const from = after;
      after = await this.database.transaction((tx) => this.forget(tx, from));
      if (after === undefined) return;
    }
  }

  /** One portion; answers the place behind it, undefined: it was the last one. */
  private async forget(tx: Transaction, from: OldRunPlace | undefined): Promise<OldRunPlace | undefined> {
    const { outdated, last } = await this.repository.look(tx, this.days, from, AT_ONCE);
    if (outdated.length === 0) return last;
    const resources = await this.runs.rows.findByUids(tx, outdated);
    await this.repository.remove(tx, outdated);
    await this.outbox.addMany(
      tx,
      deleted,
      resources.map((resource) => ({ resource, actor: 'system' })),
      resources.map(() => undefined),
    );
    return last;
  }
}
