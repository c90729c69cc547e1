import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { CallRegistry } from '../../domain/call/call-registry.ts';
import type { Recorder } from '../../domain/ports/recorder.ts';
import { media } from '../description/media.ts';
import { none } from '../request/audit.ts';

export interface HealthPorts {
  /** Version of Hush, as in its package. */
  readonly version: string;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  ready(): boolean;
  /** Whether the store answers; within seconds, whatever it does. */
  storeAnswers(): Promise<boolean>;
  /** True from the signal to stop on: nothing is begun any more. */
  isStopping(): boolean;
  /** Prometheus text format. */
  metrics(): Promise<{ contentType: string; text: string }>;
}

const healthSchema = Type.Object(
  {
    status: Type.String({ enum: ['ready', 'notReady'] }),
    version: Type.String(),
  },
  { title: 'Health' },
);
const detailsSchema = Type.Object(
  {
    status: Type.String({ enum: ['ready', 'degraded', 'starting', 'stopping'] }),
    version: Type.String(),
    recorder: Type.String({ enum: ['available', 'unavailable'] }),
    store: Type.String({ enum: ['available', 'unavailable'] }),
    callsInProgress: Type.Integer(),
  },
  { title: 'HealthDetails' },
);

export function healthRoutes(app: FastifyInstance, services: HealthPorts): void {
  healthRoute(app, services);
  detailsRoute(app, services);
  metricsRoute(app, services);
}

interface Health {
  readonly isReady: boolean;
  readonly recorder: boolean;
  readonly store: boolean;
}

async function healthOf(services: HealthPorts): Promise<Health> {
  const store = await services.storeAnswers();
  const recorder = services.recorder.available;
  return { isReady: services.ready() && recorder && store, recorder, store };
}

/** Strangers are told what a load balancer needs, and what a roll-out waits for. */
function healthRoute(app: FastifyInstance, services: HealthPorts): void {
  app.get(
    '/api/health',
    {
      config: { access: 'open', audit: none('tells that Hush is there') },
      schema: {
        operationId: 'getHealth',
        tags: ['Operation'],
        summary: '200 when ready; 503 while starting, or while recorder or database do not work',
        response: { 200: healthSchema, 503: healthSchema },
      },
    },
    async (_, reply) => {
      const { isReady } = await healthOf(services);
      if (!isReady) reply.code(503);
      return { status: isReady ? 'ready' : 'notReady', version: services.version };
    },
  );
}

function detailsRoute(app: FastifyInstance, services: HealthPorts): void {
  app.get(
    '/api/health/details',
    {
      config: { access: 'readMetrics', audit: none('numbers of the whole installation') },
      schema: {
        operationId: 'getHealthDetails',
        tags: ['Operation'],
        summary: 'The same, and why; 200 or 503',
        response: { 200: detailsSchema, 503: detailsSchema },
      },
    },
    async (_, reply) => {
      const { isReady, recorder, store } = await healthOf(services);
      if (!isReady) reply.code(503);
      const notReady = services.isStopping() ? 'stopping' : 'starting';
      return {
        status: services.ready() ? (isReady ? 'ready' : 'degraded') : notReady,
        version: services.version,
        recorder: recorder ? 'available' : 'unavailable',
        store: store ? 'available' : 'unavailable',
        callsInProgress: services.calls.size,
      };
    },
  );
}

function metricsRoute(app: FastifyInstance, services: HealthPorts): void {
  app.get(
    '/metrics',
    {
      config: { access: 'readMetrics', audit: none('numbers of the whole installation') },
      schema: {
        operationId: 'getMetrics',
        tags: ['Operation'],
        summary: 'Prometheus metrics',
        response: { 200: media('Prometheus text format', 'text/plain') },
      },
    },
    async (_, reply) => {
      const { contentType, text } = await services.metrics();
      return reply.type(contentType).send(text);
    },
  );
}
