import { routeGrpc, routeHttp } from './routes.js';

describe('routes of the public port', () => {
  it.each([
    ['/api/v1/task-sequences', 'catalog'],
    ['/api/v1/task-sequences/harden/revisions/1', 'catalog'],
    ['/api/v1/packages/hello', 'content'],
    ['/api/v1/distribution-points', 'content'],
    ['/api/v1/distributions', 'content'],
    ['/api/v1/devices', 'deployment'],
    ['/api/v1/collections', 'deployment'],
    ['/api/v1/deployments/x', 'deployment'],
    ['/api/v1/runs', 'deployment'],
    ['/api/v1/enrolment-tokens', 'policy'],
    ['/api/v1/agent/policy', 'policy'],
    ['/api/v1/api-tokens', 'policy'],
  ])('hands %s to %s as it is', (path, service) => {
    expect(routeHttp(path)).toEqual({ service, path });
  });

  it.each(['/api/v1/packagesx', '/api/v1', '/api/v2/devices', '/docs', '/docs/store', '/openapi/catalog', '/nothing'])(
    'has no owner for %s',
    (path) => {
      expect(routeHttp(path)).toBeNull();
    },
  );

  it('finds the documentation of a service and the files of its page', () => {
    expect(routeHttp('/docs/policy')).toEqual({ redirect: '/docs/policy/' });
    expect(routeHttp('/docs/policy/')).toEqual({ service: 'policy', path: '/docs' });
    expect(routeHttp('/docs/policy/docs/swagger-ui.css')).toEqual({ service: 'policy', path: '/docs/swagger-ui.css' });
    expect(routeHttp('/docs/policy/swagger-ui.css')).toEqual({ service: 'policy', path: '/docs/swagger-ui.css' });
    expect(routeHttp('/openapi/policy.json')).toEqual({ service: 'policy', path: '/openapi.json' });
  });

  it.each([
    ['/muster.catalog.v1.TaskSequences/Get', 'catalog'],
    ['/muster.content.v1.Packages/List', 'content'],
    ['/muster.deployment.v1.Runs/Watch', 'deployment'],
    ['/muster.policy.v1.Tokens/Create', 'policy'],
    ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', 'catalog'],
    ['/grpc.health.v1.Health/Check', 'catalog'],
    ['/muster.catalog.v2.TaskSequences/Get', null],
  ])('hands the gRPC method %s to %s', (path, service) => {
    expect(routeGrpc(path)).toBe(service);
  });
});
