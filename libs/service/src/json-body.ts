import type { FastifyInstance } from 'fastify';
import { MusterError } from '@muster/platform/errors.js';

/** JSON bodies, refused when they are not UTF-8: a replacement character must never reach a stored name. */
export function acceptJsonBodies(server: FastifyInstance): void {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser(['application/json', 'text/plain']);
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string;
    try {
      text = utf8.decode(body as Buffer);
    } catch {
      done(
        new MusterError(
          'invalid',
          'request.invalid-utf8',
          'The body is not valid UTF-8. Send the JSON document encoded as UTF-8',
        ),
      );
      return;
    }
    void parseJson(request, text, done);
  });
}
