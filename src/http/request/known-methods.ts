import type { FastifyInstance, HTTPMethods } from 'fastify';
import { none } from './audit.ts';
import { refuse, shapeOf } from './refusals.ts';

const methods: HTTPMethods[] = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'];

/** An address's methods, and whether any of them is open to everybody. */
interface KnownAddress {
  readonly allowed: Set<string>;
  isOpen: boolean;
}

export function knownMethods(app: FastifyInstance): Map<string, KnownAddress> {
  const known = new Map<string, KnownAddress>();
  app.addHook('onRoute', ({ url, method, config }) => {
    const address = known.get(url) ?? { allowed: new Set(), isOpen: false };
    for (const one of [method].flat()) address.allowed.add(one);
    address.isOpen ||= config?.access === 'open';
    known.set(url, address);
  });
  return known;
}

/** 405 with `Allow` instead of 404 where the path is known (RFC 9110 section 15.5.6). */
export function refuseOtherMethods(app: FastifyInstance, known: Map<string, KnownAddress>): void {
  for (const [url, { allowed, isOpen }] of [...known]) {
    // The hub answers for the addresses below it.
    if (!/^\/(api|attendantservice|auth|metrics)/.test(url) || url.endsWith('*')) continue;
    const contract = shapeOf(url);
    const others = methods.filter((method) => !allowed.has(method));
    const allow = [...allowed].join(', ');
    app.route({
      method: others,
      url,
      schema: { hide: true },
      config: {
        access: isOpen ? 'open' : 'anybody',
        audit: none('there is no such method'),
        ...(contract ? { contract } : {}),
      },
      // Refused before a body is read.
      onRequest: async (request, reply) => refuse(request, reply.header('Allow', allow), 405),
      handler: async () => undefined,
    });
  }
}
