import type { WorkQueue } from '@muster/messaging/work-queue.js';
import type { Database } from '@muster/persistence/database.js';
import type { Metrics } from '@muster/service/health/metrics.js';
import { Gauge } from 'prom-client';
import type { DistributionJobRepository } from './distribution-job.repository.js';
import { openPoints } from './open-points.js';

/** What there is to carry, as it is when somebody looks. While the bus is away there is no figure of tickets. */
export function measureTransfers(
  metrics: Metrics,
  database: Database,
  jobs: DistributionJobRepository,
  queue: WorkQueue,
): void {
  metrics.registry.registerMetric(
    new Gauge({
      name: 'muster_content_transfers',
      help: 'Transfers of versions to points: under way, and those that could begin if there were workers for them',
      labelNames: ['state'],
      registers: [],
      async collect() {
        const { busy, startable } = await jobs.countWork(database, await openPoints(database, jobs));
        this.set({ state: 'under-way' }, busy);
        this.set({ state: 'startable' }, startable);
      },
    }),
  );
  metrics.registry.registerMetric(
    new Gauge({
      name: 'muster_content_transfer_tickets',
      help: 'Tickets in the work queue of transfers, those that workers hold included',
      registers: [],
      async collect() {
        this.remove();
        await queue.offer(0).then(
          (tickets) => this.set(tickets),
          () => undefined,
        );
      },
    }),
  );
}
