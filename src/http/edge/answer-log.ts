import type { FastifyInstance } from 'fastify';
import type { Log } from '../../domain/ports/log.ts';

/** Logs each answer at debug level, by its route: a URL may contain a ticket or a phone number. */
export function logAnswers(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async ({ method, routeOptions, ip }, reply) => {
    if (!log.isLevelEnabled('debug')) return;
    const { statusCode: status, elapsedTime } = reply;
    const route = routeOptions.url ?? null;
    log.debug({ method, route, status, ip, ms: Math.round(elapsedTime) }, 'HTTP request answered');
  });
}
