import type { Database } from '@muster/persistence/database.js';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { readMessagingLag } from './messaging-lag.repository.js';

/** Prometheus figures of one service. */
export class Metrics {
  readonly registry = new Registry();

  private readonly seconds = new Histogram({
    name: 'muster_http_request_seconds',
    help: 'Time to answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    registers: [this.registry],
  });

  constructor(service: string, database: Database) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
    const outbox = new Gauge({
      name: 'muster_outbox_unpublished',
      help: 'Committed facts that the bus does not have yet',
      registers: [this.registry],
    });
    const parked = new Gauge({
      name: 'muster_inbox_parked',
      help: 'Facts that could not be applied and wait for a person',
      registers: [this.registry],
    });
    const applied = new Gauge({
      name: 'muster_inbox_position',
      help: 'Position applied of each producer',
      labelNames: ['producer'],
      registers: [this.registry],
      async collect() {
        const lag = await readMessagingLag(database);
        outbox.set(lag.head - lag.published + lag.unpositioned);
        parked.set(lag.parked);
        for (const { producer, position } of lag.inbox) applied.set({ producer }, position);
      },
    });
  }

  /** Measures every HTTP request by route and status. */
  observeHttp(server: FastifyInstance): void {
    server.addHook('onResponse', async (request, reply) => {
      this.seconds.observe(
        { method: request.method, route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) },
        reply.elapsedTime / 1000,
      );
    });
  }

  /** Measures requests of one kind; for those that come too often to look the kind up each time. Seconds. */
  requestsOf({ method, route, status }: { method: string; route: string; status: number }): (seconds: number) => void {
    const kind = this.seconds.labels({ method, route, status: String(status) });
    return (seconds) => kind.observe(seconds);
  }

  async read(): Promise<string> {
    return this.registry.metrics();
  }
}
