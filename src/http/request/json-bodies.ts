import type { FastifyInstance, FastifyRequest } from 'fastify';
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
      jsonText(request, body as Buffer, limitBytes).then(
        (text) => parse(request, text, done),
        (cause: Error) => done(cause),
      );
    });
  }
}

async function jsonText(
  { headers }: FastifyRequest,
  body: Buffer,
  limitBytes: number,
): Promise<string> {
  const bytes = await decodedBody(body, headers['content-encoding'], limitBytes);
  return textOf(bytes, headers['content-type']);
}
