import type { FastifyInstance, RouteOptions } from 'fastify';
import { sendProblem } from './problems.ts';

interface QuerySchema {
  readonly properties?: Readonly<Record<string, { readonly format?: unknown }>>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Names of the query parameters that are times. */
    queryTimes?: readonly string[];
  }
}

/**
 * 400 for values that a schema lets through and not every database has: NUL, half a surrogate pair,
 * a number that no double tells from its neighbours, a second that is none (`23:59:60`). The
 * contract takes what comes, and looks it up in memory.
 */
export function refuseUnstorable(app: FastifyInstance): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    const { properties = {} } = (route.schema?.querystring ?? {}) as QuerySchema;
    const queryTimes = Object.keys(properties).filter(
      (name) => properties[name]?.format === 'date-time',
    );
    route.config = { ...route.config, queryTimes };
  });
  // This runs behind the validator, which turns texts of the query into numbers.
  app.addHook('preHandler', (request, reply, done) => {
    const { contract, queryTimes = [] } = request.routeOptions.config;
    if (contract) return void done();
    const query = request.query as Readonly<Record<string, unknown>>;
    const fault =
      faultOf(request.params, 'the address') ??
      faultOf(query, 'the query') ??
      timeFaultOf(query, queryTimes) ??
      faultOf(request.body, 'the body');
    if (fault === undefined) done();
    else sendProblem(reply, 400, fault);
  });
}

function timeFaultOf(
  query: Readonly<Record<string, unknown>>,
  names: readonly string[],
): string | undefined {
  const wrong = names.find((name) => {
    const value = query[name];
    return typeof value === 'string' && Number.isNaN(Date.parse(value));
  });
  return wrong && `The query's ${wrong} is not a time; leap seconds are not taken.`;
}

/** Names the first fault without echoing it. A loop, as a body may nest deeper than the stack. */
function faultOf(whole: unknown, where: string): string | undefined {
  const left: unknown[] = [whole];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'string' && !isText(value)) {
      return `A text of ${where} holds a NUL, or half a surrogate pair.`;
    }
    if (typeof value === 'number' && !isExact(value)) return `A number of ${where} is too large.`;
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
    for (const [name, part] of Object.entries(value)) left.push(name, part);
  }
  return undefined;
}

export function isText(value: string): boolean {
  return !value.includes('\0') && value.isWellFormed();
}

/** `1e999` is a number to the validator, and larger than any bound that it looks at. */
function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}
