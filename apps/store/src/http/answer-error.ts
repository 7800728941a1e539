import type { IncomingMessage, ServerResponse } from 'node:http';
import { S3Error } from '../errors.js';
import { systemCode } from '../start-error.js';
import { renderXml } from '../xml.js';

/** A body up to this size is read to its end before a refusal, so that the connection can go on being used. */
const DRAIN_BYTES = 1024 * 1024;
/** How long a client may go on sending after it was refused, before the connection is cut under it. */
const LINGER_MILLISECONDS = 5000;

/** System errors of a full disk, an exhausted quota, and a limit on file sizes. */
const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The S3 error for anything thrown; what is not known becomes `InternalError` and tells the client nothing. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  const code = systemCode(error);
  if (code !== undefined && DISK_FULL.has(code)) {
    // S3 has no code for it. Not 503: clients would try again at once.
    return new S3Error(
      'InsufficientStorage',
      'the disk of this store is full; nothing was stored. Delete objects or add space',
    );
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new S3Error('ServiceUnavailable', 'the server has too many files open; try again');
  }
  return new S3Error('InternalError');
}

/**
 * Sends an S3 error document. A client that is still sending its body gets to read the answer: a small rest is taken
 * in first; a large one is taken in for a few seconds while the answer is under way, then the connection is closed.
 */
export async function answerError(
  request: IncomingMessage,
  response: ServerResponse,
  error: S3Error,
  requestId: string,
  continueAwaited: boolean,
): Promise<void> {
  if (response.headersSent) {
    // The status is out; a connection that breaks is the only way left to say that the body is not complete.
    response.destroy();
    return;
  }
  const body = renderXml('Error', {
    Code: error.code,
    Message: error.message,
    Resource: request.url?.split('?', 1)[0],
    ...error.details,
    RequestId: requestId,
  });
  const keep = !continueAwaited && (await drain(request, DRAIN_BYTES, LINGER_MILLISECONDS));
  if (response.destroyed) return;
  if (!keep) response.setHeader('connection', 'close');
  const withBody = request.method !== 'HEAD';
  response.writeHead(error.status, {
    'content-type': 'application/xml',
    ...(withBody ? { 'content-length': Buffer.byteLength(body) } : {}),
  });
  if (keep || continueAwaited) {
    response.end(withBody ? body : undefined);
    return;
  }
  if (withBody) response.write(body);
  else response.flushHeaders();
  await drain(request, Number.POSITIVE_INFINITY, LINGER_MILLISECONDS);
  response.end();
}

/** Takes in and throws away the rest of a body. @returns whether its end was reached within the limits */
function drain(request: IncomingMessage, maxBytes: number, milliseconds: number): Promise<boolean> {
  if (request.complete && request.readableLength === 0) return Promise.resolve(true);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes || request.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    let bytes = 0;
    const finish = (ended: boolean): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      if (!ended) request.pause();
      resolve(ended);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) finish(false);
    };
    const onEnd = (): void => finish(true);
    const onClose = (): void => finish(false);
    const timer = setTimeout(() => finish(false), milliseconds);
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    request.resume();
  });
}
