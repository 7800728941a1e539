import type { FastifyReply, FastifyRequest } from 'fastify';
import { PassThrough } from 'node:stream';

/**
 * Puts a stream of its own in the place of the request's body: forwarding ends it early when the service breaks, or answers
 * before it has read everything, and the client's connection must survive that to carry the answer.
 */
export function detachBody(request: FastifyRequest): void {
  const { raw } = request;
  if (request.body !== raw) return;
  const body = new PassThrough();
  // Whoever forwards it is told by its end; here an error is nothing to add.
  body.on('error', () => undefined);
  body.once('close', () => raw.unpipe(body).resume());
  raw.once('close', () => {
    if (!raw.complete) body.destroy(new Error('the client went away in the middle of its request'));
  });
  raw.pipe(body);
  request.body = body;
}

/**
 * Call before an answer is sent. Where the client still sends its request, the rest is read and dropped: closing the connection
 * on it could take the answer from a client that reads only after it has written everything. It may go on for
 * `drainMilliseconds` after the answer, then it is cut off; a client that asked for it has its connection closed in the end.
 */
export function drainAfterAnswer(request: FastifyRequest, reply: FastifyReply, drainMilliseconds: number): void {
  const { raw } = request;
  if (raw.complete) return;
  const close = !reply.raw.shouldKeepAlive;
  reply.raw.shouldKeepAlive = true;
  reply.removeHeader('connection');
  reply.raw.removeHeader('connection');
  const drained = (): void => void (close && raw.socket.end());
  reply.raw.once('finish', () => {
    if (raw.readableEnded) return drained();
    const { socket } = raw;
    if (socket.destroyed) return;
    const cutOff = setTimeout(() => socket.destroy(), drainMilliseconds);
    // The request itself is not told any more when its connection closes: it was answered.
    const over = (): void => {
      clearTimeout(cutOff);
      socket.off('close', over);
    };
    socket.once('close', over);
    raw.once('end', over).once('end', drained);
  });
}
