import type { FastifyInstance } from 'fastify';
import { LineLimit } from '../../domain/common/line-limit.ts';
import type { Log } from '../../domain/ports/log.ts';

/** Limit of the log; answers beyond it are counted. */
const ANSWERS_PER_SECOND = 200;

/** Logs each answer at debug level, by its route: a URL may contain a ticket or a phone number. */
export function logAnswers(app: FastifyInstance, log: Log): void {
  const limit = new LineLimit(ANSWERS_PER_SECOND);
  app.addHook('onResponse', (request, reply, done) => {
    done();
    if (!log.isLevelEnabled('debug')) return;
    const limited = limit.take();
    if (!limited) return;
    const { method, routeOptions, ip } = request;
    const { statusCode: status, elapsedTime } = reply;
    const route = routeOptions.url ?? null;
    const ms = Math.round(elapsedTime);
    log.debug({ method, route, status, ip, ms, ...limited }, 'HTTP request answered');
  });
}
