import { randomUUID } from 'node:crypto';
import { matchingTypes } from '@muster/contracts/kinds/event.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import type { EventLog } from '../events/event-log.js';
import { Senders } from '../outgoing/senders.js';
import type { LineServer } from './line-server.js';
import type { WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import type { ClaimedLine, WebhookLineRepository } from './webhook-line.repository.js';

/** Events and retries are due so much later at most. */
const LOOK_EVERY_MILLISECONDS = 500;
const PRUNE_EVERY_MILLISECONDS = 10 * 60_000;
/** Addresses that this process sends to at the same time. A slow one holds one of these places, and nobody else's line. */
const MOST_LINES = 32;
/** Longer than a worker serves a line plus what its last request may take. */
export const LEASE_SECONDS = 60;

/** Sorts events into the lines of webhooks, and has the lines served. Replicas share both by the locks of the rows. */
export class Dispatcher {
  private readonly dispatching: Loop;
  private readonly pruning: Loop;
  private readonly senders: Senders<ClaimedLine>;

  constructor(
    private readonly database: Database,
    private readonly lines: WebhookLineRepository,
    server: LineServer,
    deliveries: WebhookDeliveryRepository,
    events: EventLog,
    keepDays: number,
    logger: Logger,
  ) {
    this.dispatching = new Loop(
      () => this.round(),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot look after webhooks right now; trying again'),
    );
    this.pruning = new Loop(
      async () => {
        if (await deliveries.prune(database, keepDays)) this.pruning.nudge();
      },
      PRUNE_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot forget old deliveries right now; trying again'),
    );
    this.senders = new Senders(
      MOST_LINES,
      () => lines.claim(database, randomUUID(), LEASE_SECONDS),
      (line, ends) => server.serve(line, ends),
      () => this.dispatching.nudge(),
      (error, line) => logger.warn({ err: error, webhook: line.name }, 'cannot serve a webhook right now'),
    );
    events.onPlaced(() => this.dispatching.nudge());
  }

  onApplicationBootstrap(): void {
    this.dispatching.start();
    this.pruning.start();
  }

  /** Requests in flight are waited for, so that what was delivered is known as delivered. */
  async onModuleDestroy(): Promise<void> {
    this.senders.stop();
    await Promise.all([this.dispatching.stop(), this.pruning.stop()]);
    await this.senders.settled();
  }

  private async round(): Promise<void> {
    await this.database.transaction(async (tx) => {
      for (const line of await this.lines.behind(tx)) {
        const told = !line.disabled && line.spec.enabled !== false;
        const reached = await this.lines.advance(tx, line, told ? matchingTypes(line.spec.events) : []);
        if (reached.position < reached.head) this.dispatching.nudge();
      }
    });
    await this.senders.fill();
  }
}
