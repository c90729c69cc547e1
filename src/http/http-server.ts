import swagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify';
import { echoedCorrelationId } from '../domain/command.ts';
import { parseNetworks } from '../domain/networks.ts';
import { attendantService } from './attendant-service.ts';
import { callRoutes } from './calls.ts';
import {
  badAddress,
  capabilitiesErrorBody,
  type ErrorMessage,
  errorBody,
  httpErrors,
} from './contract-bodies.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { mountHub } from './hub-mount.ts';
import { answerCors, originRule } from './origins.ts';
import { sendProblem } from './problems.ts';
import { recordingRoutes } from './recordings.ts';
import type { HttpServices, HttpSettings } from './services.ts';
import { uccRoutes } from './uccs.ts';
import { webhookRoutes } from './webhooks.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Answers in the contract's shape, errors included: state and command alike, or capabilities.
     */
    contract?: ContractShape;
    /** Answers every caller: tells nothing but that the server is there. */
    open?: boolean;
  }
}

type ContractShape = 'recording' | 'capabilities';

const MAX_PARAM_LENGTH = 512;
const contractPrefix = '/attendantservice/';
const methods: HTTPMethods[] = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'];

/** Builds the HTTP server with all its routes; listening is the caller's. */
export async function buildHttpServer(
  settings: HttpSettings,
  services: HttpServices,
): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: settings.bodyLimitBytes,
    routerOptions: { caseSensitive: false, maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: onBadAddress,
    // Requests end when their answers are sent, or soon after: a stop waits for no idle connection.
    forceCloseConnections: 'idle',
  });
  // Text is no JSON: without its parser it is answered 415, as every other type is.
  app.removeContentTypeParser('text/plain');
  // Schemas describe answers; JSON.stringify keeps the contract's property order and every value.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error: FastifyError, request, reply) =>
    onError(error, request, reply, services),
  );
  app.setNotFoundHandler((_, reply) => sendProblem(reply, 404, 'There is no such resource.'));
  const isAllowed = parseNetworks(settings.anonymousNetworks);
  const isOriginAllowed = originRule(settings.allowedOrigins);
  answerCors(app, isOriginAllowed);
  guard(app, isAllowed);
  const known = knownMethods(app);
  await describe(app);
  attendantService(app, services, settings);
  callRoutes(app, services);
  recordingRoutes(app, services);
  uccRoutes(app, services);
  eventRoutes(app, services);
  webhookRoutes(app, services);
  healthRoutes(app, services);
  mountHub(app, services.hub, { isAllowed, isOriginAllowed });
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  refuseOtherMethods(app, known);
  await app.ready();
  return app;
}

/** Without tokens, the caller's network is what lets it in. */
function guard(app: FastifyInstance, isAllowed: (address: string) => boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    // The address of a socket that is gone already cannot be told: nobody reads the refusal.
    const address: string = request.ip ?? '';
    if (request.routeOptions.config.open || isAllowed(address)) return undefined;
    return refuse(request, reply, 403);
  });
}

async function describe(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hush',
        version: '1',
        description: 'A call recorder for contact centres that can prove what it did not hear.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
    },
  });
  await app.register(scalar, {
    routePrefix: '/docs',
    // Nothing on the page leads elsewhere: no fonts, telemetry, toolbar or chat of its vendor's.
    configuration: {
      ...{ url: '/api/openapi.json', withDefaultFonts: false, telemetry: false },
      ...{ showDeveloperTools: 'never', hideClientButton: true },
      ...{ agent: { disabled: true }, mcp: { disabled: true } },
    },
  });
}

function knownMethods(app: FastifyInstance): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const list = known.get(url) ?? new Set();
    for (const one of [method].flat()) list.add(one);
    known.set(url, list);
  });
  return known;
}

/** 405 with `Allow` instead of 404 where the path is known (RFC 9110 section 15.5.6). */
function refuseOtherMethods(app: FastifyInstance, known: Map<string, Set<string>>): void {
  for (const [url, allowed] of [...known]) {
    if (!url.startsWith('/api') && !url.startsWith(contractPrefix) && url !== '/metrics') continue;
    const contract = shapeOf(url);
    const others = methods.filter((method) => !allowed.has(method));
    const allow = [...allowed].join(', ');
    app.route({
      method: others,
      url,
      schema: { hide: true },
      config: contract ? { contract } : {},
      // Refused before a body is read.
      onRequest: async (request, reply) => refuse(request, reply.header('Allow', allow), 405),
      handler: async () => undefined,
    });
  }
}

function onError(
  error: FastifyError,
  request: FastifyRequest,
  ...[reply, services]: [FastifyReply, HttpServices]
): FastifyReply {
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    services.onError(error);
    return refuse(request, reply, 500);
  }
  return refuse(request, reply, status, error.validation ? error.message : undefined);
}

function refuse(request: FastifyRequest, reply: FastifyReply, ...rest: [number, string?]) {
  const [status, detail] = rest;
  const { contract } = request.routeOptions.config;
  if (!contract) return sendProblem(reply, status, detail);
  const message = httpErrors[status] ?? {
    ErrorType: 3,
    Message: 'The request could not be processed, please try again.',
  };
  return reply.code(status).send(refusal(contract, message, request.params));
}

/** Echoes what the address names; the body of a refused command has not been read. */
function refusal(shape: ContractShape, message: ErrorMessage, params: unknown) {
  const named = (params ?? {}) as { uccName?: string; correlationId?: string };
  const uccName = named.uccName ?? null;
  if (shape === 'capabilities') return capabilitiesErrorBody(uccName, message);
  return errorBody({ correlationId: echoedCorrelationId(named.correlationId), uccName }, message);
}

function shapeOf(url: string): ContractShape | undefined {
  if (!url.startsWith(contractPrefix)) return undefined;
  return url.includes('/capabilities/') ? 'capabilities' : 'recording';
}

/** An address that cannot be decoded, or a part of it that is too long, reaches no route. */
function onBadAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 400;
  const contract = shapeOf((request.raw.url ?? '').toLowerCase());
  if (!contract) sendProblem(reply, status);
  else {
    const message = (status === 414 ? httpErrors[414] : undefined) ?? badAddress;
    reply.code(status).send(refusal(contract, message, undefined));
  }
}
