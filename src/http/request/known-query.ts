import type { FastifyInstance, RouteOptions } from 'fastify';
import { sendProblem } from './problems.ts';

/** The Hush API and the metrics; the contract, hubs, token endpoint and pages take what comes. */
const strictPaths = /^\/(api|metrics)(\/|$)/;

interface QuerySchema {
  readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Parameters that the route knows; true for those that may repeat. */
    knownQuery?: ReadonlyMap<string, boolean>;
  }
}

/**
 * 400 for a query parameter that the route does not know, that says nothing, or that is there twice
 * where one is meant: `?agnt=` would list everybody's calls to whoever asked for one agent's.
 */
export function refuseUnknownQuery(app: FastifyInstance): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    if (!strictPaths.test(route.url)) return;
    const { properties = {} } = (route.schema?.querystring ?? {}) as QuerySchema;
    const known = Object.entries(properties).map(
      ([name, { type }]) => [name, type === 'array'] as const,
    );
    route.config = { ...route.config, knownQuery: new Map(known) };
  });
  // This runs before the validator, which drops unknown parameters.
  app.addHook('preValidation', (request, reply, done) => {
    const { knownQuery } = request.routeOptions.config;
    const wrong = knownQuery && faultOf(request.query as Record<string, unknown>, knownQuery);
    if (wrong === undefined) done();
    else sendProblem(reply, 400, wrong);
  });
}

function faultOf(
  query: Readonly<Record<string, unknown>>,
  known: ReadonlyMap<string, boolean>,
): string | undefined {
  for (const [name, value] of Object.entries(query)) {
    const mayRepeat = known.get(name);
    if (mayRepeat === undefined) return unknown(known);
    const values = [value].flat();
    if (values.length > 1 && !mayRepeat) return `The query has ${name} more than once.`;
    if (values.some((one) => typeof one !== 'string' || one.trim() === '')) {
      return `The query's ${name} is empty.`;
    }
  }
  return undefined;
}

/** Names the known parameters, and echoes nothing of the request. */
function unknown(known: ReadonlyMap<string, boolean>): string {
  if (known.size === 0) return 'The address takes no query parameters.';
  return `The query has an unknown parameter; known are ${[...known.keys()].join(', ')}.`;
}
