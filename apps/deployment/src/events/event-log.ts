import type { EventData, EventType } from '@muster/contracts/kinds/event.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { EventRepository } from './event.repository.js';

/** Another replica may have written an event: look this often without being told. */
const LOOK_EVERY_MILLISECONDS = 500;
const PRUNE_EVERY_MILLISECONDS = 10 * 60_000;

/** What happened to an object, which `subject` names by its path below /api/v1. */
export interface Happening {
  readonly type: EventType;
  readonly subject: string;
  readonly data: EventData;
}

/** Where the parts of this service say what happened. Gives events their places in the order, and forgets old ones. */
export class EventLog {
  private readonly placing: Loop;
  private readonly pruning: Loop;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly repository: EventRepository,
    database: Database,
    keepDays: number,
    logger: Logger,
  ) {
    this.placing = new Loop(
      async () => {
        while ((await repository.assignPositions(database)) > 0) for (const listener of this.listeners) listener();
      },
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot put events in order right now; trying again'),
    );
    this.pruning = new Loop(
      async () => {
        if (await repository.prune(database, keepDays)) this.pruning.nudge();
      },
      PRUNE_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot forget old events right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.placing.start();
    this.pruning.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.placing.stop(), this.pruning.stop()]);
  }

  /**
   * Says in a transaction what it makes true.
   *
   * @param subject the object, as its path below /api/v1
   */
  async add(tx: Transaction, type: EventType, subject: string, data: EventData): Promise<void> {
    await this.addMany(tx, [{ type, subject, data }]);
  }

  /** Says several things in this order. */
  async addMany(tx: Transaction, happenings: readonly Happening[]): Promise<void> {
    if (happenings.length === 0) return;
    await this.repository.insert(
      tx,
      happenings.map((happening) => ({ id: uuidv7(), ...happening })),
    );
    tx.afterCommit(() => this.placing.nudge());
  }

  /** Calls back whenever events have got their places. Returns how to stop. */
  onPlaced(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
