import { EdgeConfigError, readConfig } from './config.js';

describe('settings of the edge proxy', () => {
  it('reads the upstreams from JSON and has defaults for the rest', () => {
    expect(readConfig({ MUSTER_EDGE_ROUTES: '{"catalog":{"http":1,"grpc":2}}' })).toEqual({
      host: '127.0.0.1',
      port: 7700,
      upstreams: { catalog: { http: 1, grpc: 2 } },
      logLevel: 'info',
    });
  });

  it.each([
    [{}, 'MUSTER_EDGE_ROUTES'],
    [{ MUSTER_EDGE_ROUTES: 'catalog' }, 'MUSTER_EDGE_ROUTES'],
    [{ MUSTER_EDGE_ROUTES: '{"store":{"http":1,"grpc":2}}' }, 'MUSTER_EDGE_ROUTES'],
    [{ MUSTER_EDGE_ROUTES: '{"catalog":{"http":1}}' }, 'MUSTER_EDGE_ROUTES.catalog.grpc'],
    [{ MUSTER_EDGE_ROUTES: '{}', MUSTER_EDGE_PORT: '70000' }, 'MUSTER_EDGE_PORT'],
  ])('refuses %j and names %s', (environment, variable) => {
    expect(() => readConfig(environment)).toThrow(EdgeConfigError);
    expect(() => readConfig(environment)).toThrow(variable);
  });
});
