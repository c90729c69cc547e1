import type { FastifyInstance } from 'fastify';
import type { Log } from '../../domain/ports/log.ts';

/** Writes each answer at debug level: by its route, since a URL may hold a ticket or a number. */
export function logAnswers(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async ({ method, routeOptions, ip }, reply) => {
    if (!log.isLevelEnabled('debug')) return;
    const { statusCode: status, elapsedTime } = reply;
    const route = routeOptions.url ?? null;
    log.debug({ method, route, status, ip, ms: Math.round(elapsedTime) }, 'HTTP request answered');
  });
}
