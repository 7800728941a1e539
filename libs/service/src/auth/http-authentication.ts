import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Principal } from './principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
}

/** Which proof a route asks for. Everything that is not listed asks for an API token. */
export type Proof = 'token' | 'device' | 'none';

export interface Authenticator {
  authenticate(authorization: string | undefined): Promise<Principal>;
}

/** The routes that are open, or that devices use. `path` matches exactly, or as a prefix when it ends with "/". */
export interface RouteProof {
  readonly method?: string;
  readonly path: string;
  readonly proof: Proof;
}

const HEALTH: readonly RouteProof[] = [
  { path: '/livez', proof: 'none' },
  { path: '/readyz', proof: 'none' },
];

/**
 * Authenticates every HTTP request before its body is read: a route is closed unless it is listed as open. Works on the
 * path that the router will see, so that encoded or doubled slashes open nothing.
 */
export function authenticateHttp(
  server: FastifyInstance,
  routes: readonly RouteProof[],
  authenticators: Partial<Record<Exclude<Proof, 'none'>, Authenticator>>,
): void {
  const table = [...HEALTH, ...routes];
  server.decorateRequest('principal');
  server.addHook('onRequest', async (request: FastifyRequest) => {
    // routeOptions.url is the registered pattern; an unknown path has none and still asks for a token.
    const pattern = request.routeOptions.url ?? '';
    const rule = table.find(
      ({ method, path }) =>
        (method === undefined || method === request.method) &&
        (path.endsWith('/') ? pattern.startsWith(path) : pattern === path),
    );
    const proof = rule?.proof ?? 'token';
    if (proof === 'none') return;
    const authenticator = authenticators[proof];
    if (!authenticator) throw new Error(`no authenticator for proof "${proof}"`);
    request.principal = await authenticator.authenticate(request.headers.authorization);
  });
}

/** The proven caller of an HTTP request. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error('the route is open: it has no principal');
  return request.principal;
}
