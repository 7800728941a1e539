import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Category } from '@muster/contracts/problem.js';
import { MusterError, toProblem } from '@muster/platform/errors.js';
import { isTransient } from '@muster/persistence/database.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { throwError, type Observable } from 'rxjs';
import { grpcStatus, refusedCall } from './auth/grpc-authentication.js';
import type { RefusedRequest, Refusals } from './refusals/refusals.js';

/** Failures of the HTTP machinery, in our words. */
const FRAMEWORK: Record<string, { category: Category; code: string; say: (message: string) => string }> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    category: 'too-large',
    code: 'request.too-large',
    say: () => 'The body is over the limit of this service (MUSTER_BODY_LIMIT_BYTES). Send less at once',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    category: 'invalid',
    code: 'request.media-type',
    say: () => 'The body must be application/json',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    category: 'invalid',
    code: 'request.malformed-json',
    say: () => 'The body is empty; a JSON document is expected',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: {
    category: 'invalid',
    code: 'request.malformed-json',
    say: () => 'The body is not valid JSON',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    category: 'invalid',
    code: 'request.content-length',
    say: () => 'Content-Length and the body differ',
  },
};

/** Turns every failure into problem+json or a gRPC status, and logs what was not the caller's doing. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly refusals: Pick<Refusals, 'note'>,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): Observable<never> | void {
    const error = translate(thrown);
    if (!(error instanceof MusterError) || error.category === 'bug')
      this.logger.error({ err: error }, 'request failed');
    else if (error.category === 'unavailable')
      this.logger.warn({ err: error.cause ?? error, code: error.code }, error.message);
    if (host.getType() === 'rpc') {
      const [, metadata, call] = host.getArgs<[unknown, Metadata, ServerUnaryCall<unknown, unknown>]>();
      this.refusals.note(error, refusedCall(metadata, call.getPath(), call.getPeer()));
      return throwError(() => grpcStatus(error));
    }
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    this.refusals.note(error, refusedHttp(request));
    sendProblem(request, http.getResponse<FastifyReply>(), error);
  }
}

/** Who asked for what in an HTTP request that failed. The route by its pattern: there are few of them, whatever is asked. */
function refusedHttp({ principal, method, routeOptions, socket, headers }: FastifyRequest): RefusedRequest {
  const forwarded = headers['x-forwarded-for'];
  return {
    principal,
    route: `${method} ${routeOptions.url ?? '(no such route)'}`,
    connection: socket.remoteAddress ?? '',
    forwarded: Array.isArray(forwarded) ? forwarded.join(',') : forwarded,
  };
}

/** Answers an HTTP request with the problem document of a failure. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
  const problem = toProblem(error, request.url.split('?', 1)[0]);
  if (problem.status === 401) {
    const browser = request.url.startsWith('/docs');
    void reply.header('WWW-Authenticate', browser ? 'Basic realm="Muster API token"' : 'Bearer realm="Muster"');
  }
  if (problem.status === 503) void reply.header('Retry-After', '1');
  void reply.status(problem.status).header('Content-Type', 'application/problem+json').send(problem);
}

/** What frameworks and servers throw, as a MusterError where it is not a bug of ours. */
export function translate(thrown: unknown): unknown {
  // Nest wraps what Fastify threw before a route was reached.
  const error = thrown instanceof HttpException && thrown.cause !== undefined ? thrown.cause : thrown;
  if (error instanceof MusterError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && code in FRAMEWORK) {
    const known = FRAMEWORK[code]!;
    return new MusterError(known.category, known.code, known.say((error as Error).message));
  }
  if (error instanceof SyntaxError && (error as { statusCode?: number }).statusCode === 400) {
    return new MusterError('invalid', 'request.malformed-json', `The body is not valid JSON: ${error.message}`);
  }
  if (isTransient(error)) {
    return new MusterError(
      'unavailable',
      'database.unavailable',
      'The database cannot be reached right now. Try again in a moment',
      { cause: error },
    );
  }
  const status =
    error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown } | null)?.statusCode;
  if (status === 404)
    return new MusterError(
      'not-found',
      'request.no-route',
      'There is nothing at this address. /docs lists what there is',
    );
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new MusterError('invalid', 'request.invalid', (error as Error).message);
  return error;
}
