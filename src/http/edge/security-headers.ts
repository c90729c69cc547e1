import type { FastifyInstance, RouteOptions } from 'fastify';
import helmet, { type HelmetOptions } from 'helmet';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its pages are looked at: `docs` brings scripts and styles inline, `own` sets its policy. */
    page?: 'docs' | 'own';
    /** Answers of the API are not to be stored, unless they say so themselves. */
    isUncached?: boolean;
  }
}

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

type Headers = readonly (readonly [name: string, value: string])[];

/**
 * Adds security headers to every answer, refusals and the hub's own answers included. Helmet makes
 * them once: they are the same for every answer of a kind of page.
 */
export function securityHeaders(app: FastifyInstance, { tls }: { readonly tls: boolean }): void {
  const policyOf = (directives: Record<string, string[]>) => ({ useDefaults: false, directives });
  const api = headersOf(tls, policyOf(apiPolicy));
  const pages = { docs: headersOf(tls, policyOf(docsPolicy)), own: headersOf(tls, false) };
  app.addHook('onRoute', (route: RouteOptions) => {
    const isUncached = /^\/(api|attendantservice|auth)/.test(route.url);
    const page = route.url.startsWith('/docs') ? ({ page: 'docs' } as const) : {};
    route.config = { ...route.config, ...page, isUncached };
  });
  app.addHook('onRequest', ({ routeOptions: { config } }, { raw }, done) => {
    const headers = config?.page === undefined ? api : pages[config.page];
    for (const [name, value] of headers) raw.setHeader(name, value);
    done();
  });
  app.addHook('onSend', ({ routeOptions: { config } }, reply, _payload, done) => {
    if (config?.isUncached && !reply.hasHeader('cache-control')) {
      reply.header('Cache-Control', 'no-store');
    }
    done();
  });
}

function headersOf(tls: boolean, contentSecurityPolicy: HelmetOptions['contentSecurityPolicy']) {
  const headers = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  const set = helmet({
    ...(contentSecurityPolicy === undefined ? {} : { contentSecurityPolicy }),
    // Pages that `http.allowedOrigins` lists get another one, with CORS.
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: tls,
  });
  set(
    {} as Parameters<typeof set>[0],
    response as unknown as Parameters<typeof set>[1],
    (cause) => {
      if (cause) throw cause;
    },
  );
  return [...headers] satisfies Headers;
}
