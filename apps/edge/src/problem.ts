import type { FastifyReply } from 'fastify';

/** An RFC 9457 problem document of the proxy itself; everything else comes from the services as it is. */
export interface Problem {
  readonly status: number;
  readonly code:
    'edge.no-route' | 'edge.upstream-unavailable' | 'edge.upstream-timeout' | 'edge.bad-request' | 'edge.internal';
  readonly title: string;
  readonly detail: string;
}

/** Sends a problem as `application/problem+json`. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send({ type: `urn:muster:problem:${problem.code}`, instance: reply.request.url, ...problem });
}
