import type { FastifyInstance } from 'fastify';
import { none } from './audit.ts';

export type OriginRule = (origin: string, host: string | undefined) => boolean;

/**
 * Hush's own origin, and those that the configuration lists, compared exactly (RFC 6454 section 5).
 */
export function originRule(allowedOrigins: readonly string[]): OriginRule {
  const allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  return (origin, host) => {
    if (allowed.has(origin.toLowerCase())) return true;
    try {
      return host !== undefined && new URL(origin).host === host.toLowerCase();
    } catch {
      return false;
    }
  };
}

const allowedHeaders =
  'authorization, content-type, idempotency-key, if-match, last-event-id, range, ' +
  'x-requested-with, x-signalr-user-agent';
const exposedHeaders =
  'content-range, etag, hush-effective-at, hush-sequence, retry-after, www-authenticate';

/** CORS by allow-list, for API and hub alike; credentials are what SignalR's clients ask for. */
export function answerCors(app: FastifyInstance, isAllowed: OriginRule): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin, host } = request.headers;
    if (origin === undefined || !isAllowed(origin, host)) return undefined;
    // On the raw answer, so that what the hub answers by itself carries them too.
    reply.raw.setHeader('Access-Control-Allow-Origin', origin);
    reply.raw.setHeader('Access-Control-Allow-Credentials', 'true');
    reply.raw.setHeader('Vary', 'Origin');
    reply.raw.setHeader('Access-Control-Expose-Headers', exposedHeaders);
    if (request.method !== 'OPTIONS') return undefined;
    reply.raw.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, PATCH, DELETE');
    reply.raw.setHeader('Access-Control-Allow-Headers', allowedHeaders);
    return reply.code(204).send();
  });
  const config = {
    access: 'open',
    audit: none("a browser's question ahead of a request"),
  } as const;
  app.options('/*', { schema: { hide: true }, config }, async (_, reply) => reply.code(204).send());
}
