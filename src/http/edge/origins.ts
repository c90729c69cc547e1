import type { FastifyInstance } from 'fastify';
import { none } from '../request/audit.ts';

export type OriginRule = (origin: string, host: string | undefined) => boolean;

interface OriginSettings {
  readonly allowedOrigins: readonly string[];
  /** A proxy may ask for Hush under another name, and scheme, than its pages have. */
  readonly publicUrl?: string | undefined;
  /** Present where Hush itself speaks TLS. */
  readonly tls?: object | undefined;
}

/**
 * Hush's own origin, and those that the configuration lists, compared exactly: scheme, host and
 * port (RFC 6454 section 5). A page that came over plain HTTP is none of an HTTPS server's, whoever
 * put it there, and neither is a browser's extension.
 */
export function originRule({ allowedOrigins, publicUrl, tls }: OriginSettings): OriginRule {
  const allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  if (publicUrl !== undefined) allowed.add(new URL(publicUrl).origin);
  const scheme = tls ? 'https' : 'http';
  return (origin, host) => {
    if (allowed.has(origin.toLowerCase())) return true;
    const own = host === undefined ? null : URL.parse(`${scheme}://${host}`);
    return own !== null && own.origin === URL.parse(origin)?.origin;
  };
}

const allowedHeaders =
  'authorization, content-type, idempotency-key, if-match, if-modified-since, if-none-match, ' +
  'if-range, if-unmodified-since, last-event-id, range, x-requested-with, x-signalr-user-agent';
const exposedHeaders =
  'content-range, etag, hush-effective-at, hush-sequence, retry-after, www-authenticate';

/** CORS by allow-list, for API and hub alike; credentials are what SignalR's clients ask for. */
export function answerCors(app: FastifyInstance, isAllowed: OriginRule): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin, host, referer } = request.headers;
    if (origin === undefined && referer === undefined) return void done();
    // Embedded media, such as an audio element, send the page's address and no origin.
    const page =
      origin ?? (URL.canParse(referer ?? '') ? new URL(referer ?? '').origin : undefined);
    if (page === undefined || !isAllowed(page, host)) return void done();
    if (isAllowed(page, undefined)) {
      reply.raw.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    }
    if (origin === undefined) return void done();
    // On the raw answer, so that what the hub answers by itself carries them too.
    reply.raw.setHeader('Access-Control-Allow-Origin', origin);
    reply.raw.setHeader('Access-Control-Allow-Credentials', 'true');
    reply.raw.setHeader('Vary', 'Origin');
    reply.raw.setHeader('Access-Control-Expose-Headers', exposedHeaders);
    if (request.method !== 'OPTIONS') return void done();
    reply.raw.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, PATCH, DELETE');
    reply.raw.setHeader('Access-Control-Allow-Headers', allowedHeaders);
    return void reply.code(204).send();
  });
  const config = {
    access: 'open',
    audit: none("a browser's question ahead of a request"),
  } as const;
  app.options('/*', { schema: { hide: true }, config }, async (_, reply) => reply.code(204).send());
}
