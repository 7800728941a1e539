import type { Database } from '@muster/persistence/database.js';
import { Gauge, type Registry } from 'prom-client';
import { readMessagingLag } from './messaging-lag.repository.js';

/** What waits between services and between sites, as Prometheus figures. */
export class LagFigures {
  private readonly outbox;
  private readonly outboxWaiting;
  private readonly parked;
  private readonly applied;
  private readonly failed;
  private readonly backlog;
  private readonly waiting;
  private readonly replicasParked;

  constructor(
    registry: Registry,
    private readonly database: Database,
  ) {
    const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Gauge<Label>({ name: `muster_${name}`, help, labelNames, registers: [registry] });
    this.outbox = gauge('outbox_unpublished', 'Committed facts that the bus does not have yet');
    this.outboxWaiting = gauge('outbox_waiting_seconds', 'For how long the oldest of them waits');
    this.parked = gauge('inbox_parked', 'Facts that could not be applied and wait for a person');
    this.applied = gauge('inbox_position', 'Position applied of each producer', 'producer');
    this.failed = gauge(
      'link_failed_attempts',
      'Attempts in a row to read from a neighbouring site that failed: from 12 on the link is degraded, from 24 on failed',
      'peer',
    );
    this.backlog = gauge('link_backlog', 'Objects that wait at a neighbouring site, as it said last', 'peer');
    this.waiting = gauge('replicas_waiting', 'Objects of other sites that cannot be put to use here yet');
    this.replicasParked = gauge(
      'replicas_parked',
      'What other sites sent that cannot be taken in and waits for a person',
    );
  }

  /** Reads the tables. To be called before the registry is read: it takes figures as they are when it comes to them, all at once. */
  async refresh(): Promise<void> {
    const lag = await readMessagingLag(this.database);
    this.outbox.set(lag.head - lag.published + lag.unpositioned);
    this.outboxWaiting.set(lag.waiting);
    this.parked.set(lag.parked);
    for (const { producer, position } of lag.inbox) this.applied.set({ producer }, position);
    // A site that was revoked is no neighbour any more.
    this.failed.reset();
    this.backlog.reset();
    for (const { peer, failedAttempts, backlog } of lag.links) {
      this.failed.set({ peer }, failedAttempts);
      this.backlog.set({ peer }, backlog);
    }
    this.waiting.set(lag.replicasWaiting);
    this.replicasParked.set(lag.replicasParked);
  }
}
