import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { none } from './audit.ts';
import type { HttpServices } from './services.ts';

const healthSchema = Type.Object({
  status: Type.String({ enum: ['ready', 'degraded', 'starting', 'stopping'] }),
  recorder: Type.String({ enum: ['available', 'unavailable'] }),
  callsInProgress: Type.Integer(),
});

export function healthRoutes(app: FastifyInstance, services: HttpServices): void {
  app.get(
    '/api/health',
    {
      config: { access: 'open', audit: none('tells that Hush is there') },
      schema: {
        tags: ['Operation'],
        summary: '200 when ready; 503 while starting or while the recorder cannot record',
        response: { 200: healthSchema, 503: healthSchema },
      },
    },
    async (_, reply) => {
      const { available } = services.recorder;
      const ready = services.ready();
      if (!ready || !available) reply.code(503);
      const notReady = services.isStopping() ? 'stopping' : 'starting';
      return {
        status: ready ? (available ? 'ready' : 'degraded') : notReady,
        recorder: available ? 'available' : 'unavailable',
        callsInProgress: services.calls.size,
      };
    },
  );

  app.get(
    '/metrics',
    {
      config: { access: 'readMetrics', audit: none('numbers of the whole installation') },
      schema: { tags: ['Operation'], summary: 'Prometheus metrics', produces: ['text/plain'] },
    },
    async (_, reply) => {
      const { contentType, text } = await services.metrics();
      return reply.type(contentType).send(text);
    },
  );
}
