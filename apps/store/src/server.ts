import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Logger } from 'pino';
import { S3Error } from './errors.js';
import { answerError, toS3Error } from './http/answer-error.js';
import { dispatch } from './http/dispatch.js';
import type { Exchange } from './http/exchange.js';
import { selectOperation } from './http/operations.js';
import { answerParserError } from './http/parser-errors.js';
import { parseRequestTarget } from './http/request-target.js';
import type { Serving } from './serving.js';
import type { Authenticator } from './signature/authenticate.js';

const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_SECONDS = 20;
const KEEP_ALIVE_SECONDS = 30;

/** What the server needs. */
export interface ServerSettings {
  serving: Serving;
  authenticator: Authenticator;
  logger: Logger;
  /** A folder that must be writable for `/readyz` to say yes. */
  folder: string;
  idleTimeoutSeconds: number;
}

/** The S3 server, which does not listen itself. Every request but the health checks must be signed. */
export function createStoreServer(settings: ServerSettings): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_SECONDS * 1000,
    // A large upload on a slow link may take hours; the idle timeout below ends those that stand still.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000,
  });
  server.setTimeout(settings.idleTimeoutSeconds * 1000);
  const take = (request: IncomingMessage, response: ServerResponse, continueAwaited: boolean): void => {
    // `handle` answers every failure itself; what is thrown while answering leaves only the socket to close.
    handle(settings, request, response, continueAwaited).catch((error: unknown) => {
      settings.logger.error({ err: error }, 'answer failed');
      response.destroy();
    });
  };
  server.on('request', (request, response) => take(request, response, false));
  server.on('checkContinue', (request, response) => take(request, response, true));
  server.on('checkExpectation', (request, response) => {
    const error = new S3Error('ExpectationFailed');
    answerError(request, response, error, randomUUID(), true).catch(() => response.destroy());
  });
  server.on('clientError', answerParserError);
  return server;
}

async function handle(
  settings: ServerSettings,
  request: IncomingMessage,
  response: ServerResponse,
  continueAwaited: boolean,
): Promise<void> {
  const startedAt = performance.now();
  if (await answerHealth(settings, request, response)) return;
  const requestId = randomUUID();
  response.setHeader('x-amz-request-id', requestId);
  response.setHeader('server', 'muster-store');
  const exchange: Partial<Exchange> = {};
  let failure: S3Error | undefined;
  try {
    const now = new Date();
    const method = request.method ?? '';
    const target = parseRequestTarget(request.url ?? '');
    const headers = joinHeaders(request.rawHeaders);
    const identity = settings.authenticator.authenticate({ method, target, headers }, now.getTime());
    const operation = selectOperation(method, target, headers);
    Object.assign(exchange, { request, response, target, identity, requestId, now, continueAwaited });
    await dispatch(settings.serving, operation, exchange as Exchange);
  } catch (error) {
    if (clientLeft(request, response)) {
      settings.logger.debug({ requestId, method: request.method }, 'client left');
      return;
    }
    failure = toS3Error(error);
    if (failure.status >= 500 && failure.status !== 501) {
      settings.logger.error({ requestId, err: error }, 'request failed');
    }
    await answerError(request, response, failure, requestId, exchange.continueAwaited ?? continueAwaited);
  } finally {
    settings.logger[failure?.status === 403 ? 'warn' : 'debug'](
      {
        requestId,
        method: request.method,
        // Without the query: a presigned URL is a secret for as long as it lives.
        path: request.url?.split('?', 1)[0],
        status: response.statusCode,
        code: failure?.code,
        accessKeyId: exchange.identity?.credential.accessKeyId,
        milliseconds: Math.round(performance.now() - startedAt),
      },
      'request',
    );
  }
}

async function answerHealth(
  settings: ServerSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const isHealth = request.url === '/livez' || request.url === '/readyz';
  if (!isHealth || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
  const ready = request.url === '/livez' || (await isWritable(settings.folder));
  const body = ready ? 'ok\n' : 'the folder is not writable\n';
  response.writeHead(ready ? 200 : 503, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
  return true;
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

function clientLeft(request: IncomingMessage, response: ServerResponse): boolean {
  return response.destroyed || (request.destroyed && !request.complete);
}

/** Headers as the signature sees them: lower-case names, repeated ones joined with a comma in order. */
function joinHeaders(rawHeaders: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = (rawHeaders[i + 1] as string).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
