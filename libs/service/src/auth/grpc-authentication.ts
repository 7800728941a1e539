import { Metadata, ServerInterceptingCall, ServerListenerBuilder, status, type ServerInterceptor } from '@grpc/grpc-js';
import { MusterError, toProblem } from '@muster/platform/errors.js';
import { CATEGORIES, type Problem } from '@muster/contracts/problem.js';
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

/** Trailers of more than 16 KiB in all are refused by many clients, and of more than 64 KiB by ours, with the connection and all its other calls. */
const LONGEST_DETAILS = 1000;
const MOST_PROBLEM_BYTES = 8 * 1024;

/**
 * A failure as gRPC says it: code and message, with the stable code and the problem in the trailers. What a caller sent comes back in messages:
 * they are cut, and findings that have no room are left out.
 */
export function grpcStatus(error: unknown): { code: status; details: string; metadata: Metadata } {
  const problem = toProblem(error);
  const metadata = new Metadata();
  metadata.set('muster-code', problem.code);
  metadata.set('muster-problem-bin', fitting(problem));
  const category = error instanceof MusterError ? error.category : 'bug';
  return { code: CATEGORIES[category].grpc, details: shortened(problem.detail ?? problem.title), metadata };
}

function fitting({ current: _current, conflict: _conflict, findings = [], detail, ...rest }: Problem): Buffer {
  const short = { ...rest, ...(detail === undefined ? {} : { detail: shortened(detail) }) };
  for (let count = findings.length; ; count = Math.floor(count / 2)) {
    const told = count === 0 ? short : { ...short, findings: findings.slice(0, count) };
    const bytes = Buffer.from(JSON.stringify(told));
    if (bytes.length <= MOST_PROBLEM_BYTES || count === 0) return bytes;
  }
}

/** Whole characters: half a pair cannot be sent. */
function shortened(text: string): string {
  return text.length <= LONGEST_DETAILS ? text : `${text.slice(0, LONGEST_DETAILS).toWellFormed()}…`;
}
