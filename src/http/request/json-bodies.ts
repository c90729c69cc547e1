import type { FastifyInstance } from 'fastify';
import { decodedBody, textOf } from './body-decoding.ts';

/** `application/merge-patch+json` and the like (RFC 6839 section 3.1). */
const suffixed = /^application\/[\w.!#$&^-]+\+json(?:;|$)/i;

/**
 * JSON as the host before took it: `text/json` as well, in UTF-16, compressed. Every other type is
 * answered 415.
 */
export function jsonBodies(app: FastifyInstance, limitBytes: number): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  for (const type of ['application/json', 'text/json', suffixed]) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
      const { 'content-encoding': encoding, 'content-type': named } = request.headers;
      const read = (bytes: Buffer): void => {
        let text: string;
        try {
          text = textOf(bytes, named);
        } catch (cause) {
          done(cause as Error);
          return;
        }
        parse(request, text, done);
      };
      if (encoding === undefined) read(body as Buffer);
      else decodedBody(body as Buffer, encoding, limitBytes).then(read, done);
    });
  }
}
