import type { Database } from '@muster/persistence/database.js';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { LagFigures } from './lag-figures.js';

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

  private readonly lag: LagFigures;

  constructor(service: string, database: Database) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
    this.lag = new LagFigures(this.registry, database);
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
    await this.lag.refresh();
    return this.registry.metrics();
  }
}
