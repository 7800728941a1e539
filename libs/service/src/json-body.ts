import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MusterError } from '@muster/platform/errors.js';

/** Media types of our own: `application/vnd.muster.sequence-patch+json`. */
const OWN_JSON = /^application\/vnd\.muster\.[a-z-]+\+json/;

/** JSON bodies, refused when they are not UTF-8: a replacement character must never reach a stored name. */
export function acceptJsonBodies(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser(['application/json', 'text/plain']);
  const parse = (request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void): void => {
    if (!isUtf8(body)) {
      done(
        new MusterError(
          'invalid',
          'request.invalid-utf8',
          'The body is not valid UTF-8. Send the JSON document encoded as UTF-8',
        ),
      );
      return;
    }
    void parseJson(request, body.toString('utf8'), done);
  };
  for (const type of ['application/json', OWN_JSON]) server.addContentTypeParser(type, { parseAs: 'buffer' }, parse);
}
