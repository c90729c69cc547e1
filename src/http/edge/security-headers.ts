import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** An API shows nothing, frames nothing and is framed by nobody. */
const apiPolicy = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};
/** The docs page brings its script along, and starts it, and styles itself, inline. */
const docsPolicy = {
  ...apiPolicy,
  scriptSrc: ["'self'", "'unsafe-inline'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
};

/** Adds security headers to every answer, refusals and the hub's own answers included. */
export async function securityHeaders(
  app: FastifyInstance,
  { tls }: { readonly tls: boolean },
): Promise<void> {
  // This runs before helmet's own hook, which reads the route's settings.
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/docs')) return;
    route.helmet = { contentSecurityPolicy: { useDefaults: false, directives: docsPolicy } };
  });
  await app.register(helmet, {
    global: true,
    contentSecurityPolicy: { useDefaults: false, directives: apiPolicy },
    // Pages that `http.allowedOrigins` lists get another one, with CORS.
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: tls,
  });
  app.addHook('onSend', async (request, reply) => {
    const isOurs = /^\/(api|attendantservice|auth)/.test(request.routeOptions.url ?? '');
    if (isOurs && !reply.hasHeader('cache-control')) reply.header('Cache-Control', 'no-store');
  });
}
