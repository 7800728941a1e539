import { Metadata, ServerInterceptingCall, ServerListenerBuilder, status, type ServerInterceptor } from '@grpc/grpc-js';
import { MusterError, toProblem } from '@muster/platform/errors.js';
import { CATEGORIES } from '@muster/contracts/problem.js';
import type { Authenticator } from './http-authentication.js';
import type { RefusedRequest, Refusals } from '../refusals/refusals.js';
import type { Principal } from './principal.js';

const principals = new WeakMap<Metadata, Principal>();

/** The proven caller of a gRPC call, by the metadata object that its handler receives. */
export function grpcPrincipal(metadata: Metadata): Principal {
  const principal = principals.get(metadata);
  if (!principal) throw new Error('a gRPC call reached its handler without authentication');
  return principal;
}

/** Authenticates every gRPC call, reflection included, before its handler sees it. Only the health service is open. */
export function authenticateGrpc(authenticator: Authenticator, refusals: Pick<Refusals, 'note'>): ServerInterceptor {
  return (method, call) => {
    if (method.path.startsWith('/grpc.health.v1.Health/')) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start(next) {
        next(
          new ServerListenerBuilder()
            .withOnReceiveMetadata((metadata, forward) => {
              const [authorization] = metadata.get('authorization');
              const admit = async () => {
                principals.set(
                  metadata,
                  await authenticator.authenticate(authorization === undefined ? undefined : String(authorization)),
                );
              };
              admit().then(
                () => forward(metadata),
                (error: unknown) => {
                  refusals.note(error, refusedCall(metadata, method.path, call.getPeer()));
                  call.sendStatus(grpcStatus(error));
                },
              );
            })
            .build(),
        );
      },
    });
  };
}

/** Who asked for what in a gRPC call that failed. */
export function refusedCall(metadata: Metadata, path: string, peer: string): RefusedRequest {
  const forwarded = metadata.get('x-forwarded-for').map(String).join(',');
  return {
    principal: principals.get(metadata),
    route: path,
    // IPv4 as 192.0.2.7:50123, IPv6 as [2001:db8::7]:50123
    connection: peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'),
    forwarded: forwarded === '' ? undefined : forwarded,
  };
}

/** A failure as gRPC says it: code and message, with the stable code and the whole problem in the trailers. */
export function grpcStatus(error: unknown): { code: status; details: string; metadata: Metadata } {
  const problem = toProblem(error);
  const metadata = new Metadata();
  metadata.set('muster-code', problem.code);
  metadata.set(
    'muster-problem-bin',
    Buffer.from(JSON.stringify({ ...problem, current: undefined, conflict: undefined })),
  );
  const category = error instanceof MusterError ? error.category : 'bug';
  return { code: CATEGORIES[category].grpc, details: problem.detail ?? problem.title, metadata };
}
