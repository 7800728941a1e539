/** The services behind the proxy. */
export const serviceNames = ['catalog', 'deployment', 'content', 'policy'] as const;

export type ServiceName = (typeof serviceNames)[number];

/** Which service owns which part of the public API. On Kubernetes the same table is the Gateway's list of routes. */
const restRoutes: readonly (readonly [prefix: string, service: ServiceName])[] = [
  ['/api/v1/task-sequences', 'catalog'],
  ['/api/v1/packages', 'content'],
  ['/api/v1/os-images', 'content'],
  ['/api/v1/upgrade-packages', 'content'],
  ['/api/v1/boot-images', 'content'],
  ['/api/v1/driver-packages', 'content'],
  ['/api/v1/applications', 'content'],
  ['/api/v1/distribution-points', 'content'],
  ['/api/v1/distribution-point-groups', 'content'],
  ['/api/v1/boundary-groups', 'content'],
  ['/api/v1/distributions', 'content'],
  ['/api/v1/devices', 'deployment'],
  ['/api/v1/collections', 'deployment'],
  ['/api/v1/client-settings', 'deployment'],
  ['/api/v1/deployments', 'deployment'],
  ['/api/v1/runs', 'deployment'],
  ['/api/v1/alerts', 'deployment'],
  ['/api/v1/alert-subscriptions', 'deployment'],
  ['/api/v1/events', 'deployment'],
  ['/api/v1/audit', 'deployment'],
  ['/api/v1/webhooks', 'deployment'],
  ['/api/v1/device-explanations', 'policy'],
  ['/api/v1/enrolment-tokens', 'policy'],
  ['/api/v1/agent', 'policy'],
  ['/api/v1/api-tokens', 'policy'],
  ['/api/v1/sites', 'policy'],
  ['/api/v1/hierarchy', 'policy'],
];

/** gRPC packages by prefix of the request path. Reflection and health of the whole site are answered by catalog. */
const grpcRoutes: readonly (readonly [prefix: string, service: ServiceName])[] = [
  ['/muster.catalog.v1.', 'catalog'],
  ['/muster.content.v1.', 'content'],
  ['/muster.deployment.v1.', 'deployment'],
  ['/muster.policy.v1.', 'policy'],
  ['/grpc.reflection.', 'catalog'],
  ['/grpc.health.', 'catalog'],
];

/** Where a request goes: to a path of a service, or back to the client with another address. */
export type HttpRoute = { readonly service: ServiceName; readonly path: string } | { readonly redirect: string };

/** Decides by path alone; `path` is without a query. Null: nobody owns it. */
export function routeHttp(path: string): HttpRoute | null {
  for (const [prefix, service] of restRoutes) {
    if (path === prefix || path.startsWith(`${prefix}/`)) return { service, path };
  }
  for (const service of serviceNames) {
    if (path === `/openapi/${service}.json`) return { service, path: '/openapi.json' };
    const docs = `/docs/${service}`;
    // The page names its own files relative to itself ("./docs/…"), so it needs the slash, and its "docs/" appears twice.
    if (path === docs) return { redirect: `${docs}/` };
    if (path === `${docs}/`) return { service, path: '/docs' };
    if (path.startsWith(`${docs}/`))
      return { service, path: `/docs/${path.slice(docs.length + 1).replace(/^docs\//, '')}` };
  }
  return null;
}

/** The service of a gRPC method path (`/package.Service/Method`), or null. */
export function routeGrpc(path: string): ServiceName | null {
  return grpcRoutes.find(([prefix]) => path.startsWith(prefix))?.[1] ?? null;
}
