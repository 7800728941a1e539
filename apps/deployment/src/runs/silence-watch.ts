import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { SILENT_HOURS } from '@muster/contracts/kinds/deployment-progress.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { run, type RunSpec, type RunStatus } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Logger } from 'pino';
import type { EventLog, Happening } from '../events/event-log.js';
import type { RunRepository } from './run.repository.js';

const LOOK_EVERY_MILLISECONDS = 2_000;
const AT_ONCE = 100;

const { saved } = resourceEvents(run);

/**
 * Tells of runs of which nothing is heard any more, each once until something is. In every replica: each takes others. Behind a start,
 * what devices said meanwhile is taken in first.
 */
export class SilenceWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readonly began = Date.now();

  constructor(
    private readonly database: Database,
    private readonly runs: ResourceStore<RunSpec, RunStatus>,
    private readonly repository: RunRepository,
    private readonly outbox: Outbox,
    private readonly events: EventLog,
    private readonly graceSeconds: number,
    logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.round(),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot look for silent runs right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  private async round(): Promise<void> {
    if (Date.now() - this.began < this.graceSeconds * 1000) return;
    const found = await this.database.transaction((tx) => this.tell(tx));
    if (found === AT_ONCE) this.loop.nudge();
  }

  private async tell(tx: Transaction): Promise<number> {
    const uids = await this.repository.noteSilent(tx, SILENT_HOURS, AT_ONCE);
    if (uids.length === 0) return 0;
    const resources = await this.runs.rows.findByUids(tx, uids);
    await this.events.addMany(tx, resources.map(runSilentEvent));
    await this.outbox.addMany(
      tx,
      saved,
      resources.map((resource) => ({ resource, actor: 'system' })),
      resources.map(() => undefined),
    );
    return uids.length;
  }
}

function runSilentEvent({ metadata, spec }: Resource<RunSpec, RunStatus>): Happening {
  const { device, deployment, sequence } = spec;
  const message = `nothing was heard of ${sequence} on ${device} (deployment ${deployment}) for ${SILENT_HOURS} hours`;
  const about = { device, deployment, run: metadata.name, taskSequence: sequence };
  return { type: 'run.silent', subject: `runs/${metadata.name}`, data: { message, ...about } };
}
