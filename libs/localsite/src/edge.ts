import type { ChildSpec } from './child.js';
import { serviceNames } from './services.js';

/** Where a service listens on 127.0.0.1. */
export interface EdgeUpstream {
  readonly http: number;
  readonly grpc: number;
}

/** Ports of every service behind the edge proxy, by name. */
export type EdgeRoutes = Readonly<Record<string, EdgeUpstream>>;

/** The routes of a site's own services. */
export function siteRoutes(ports: Readonly<Record<string, number>>): EdgeRoutes {
  return Object.fromEntries(
    serviceNames.map((name) => [name, { http: ports[`${name}-http`] ?? 0, grpc: ports[`${name}-grpc`] ?? 0 }]),
  );
}

/** How to run the edge proxy. */
export function edgeChild(script: string, host: string, port: number, routes: EdgeRoutes, logLevel: string): ChildSpec {
  return {
    name: 'edge',
    script,
    env: {
      MUSTER_EDGE_HOST: host,
      MUSTER_EDGE_PORT: String(port),
      MUSTER_EDGE_ROUTES: JSON.stringify(routes),
      MUSTER_LOG_LEVEL: logLevel,
    },
    tier: 2,
    ready: { url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/livez` },
  };
}
