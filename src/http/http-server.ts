import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import {
  AudioAwayError,
  AudioMissingError,
  OutcomeUnknownError,
  StoreUnavailableError,
} from '../domain/errors.ts';
import { admitAll } from './admission.ts';
import { alarmRoutes } from './alarms.ts';
import { describeApi } from './api-description.ts';
import { archiveWorkRoutes } from './archive-work.ts';
import { assuranceRoutes } from './assurance.ts';
import { attendantService } from './attendant-service.ts';
import { AudioTickets, audioTicketRoute } from './audio-tickets.ts';
import { auditAll } from './audit.ts';
import { auditLogRoutes } from './audit-log.ts';
import { BodyError } from './body-decoding.ts';
import { callHealthRoute } from './call-health.ts';
import { callRoutes } from './calls.ts';
import { onClientError } from './client-errors.ts';
import { Connections } from './connections.ts';
import { consoleFiles } from './console-files.ts';
import { erasureRoutes } from './erasures.ts';
import { eventRoutes } from './events.ts';
import { Gate, NotAdmittedError } from './gate.ts';
import { healthRoutes } from './health.ts';
import { refuseStrays, strayRule } from './host-guard.ts';
import { mountHub } from './hub-mount.ts';
import { jsonBodies } from './json-bodies.ts';
import { knownMethods, refuseOtherMethods } from './known-methods.ts';
import { refuseUnknownQuery } from './known-query.ts';
import { legalHoldRoutes } from './legal-hold.ts';
import { liveAudioRoutes } from './live-audio.ts';
import { createNodeServer } from './node-server.ts';
import { answerCors, originRule } from './origins.ts';
import { pauseRoutes } from './pauses.ts';
import { peopleRoutes } from './people.ts';
import { RETRY_AFTER_SECONDS, sendProblem } from './problems.ts';
import { recordingExportRoutes } from './recording-export.ts';
import { recordingPeaksRoute } from './recording-peaks.ts';
import { recordingRoutes } from './recordings.ts';
import { onBadAddress, refuse, refuseForNow } from './refusals.ts';
import { retentionRoutes } from './retention.ts';
import { securityHeaders } from './security-headers.ts';
import type { HttpServices, HttpSettings } from './services.ts';
import { signInRoutes } from './sign-in.ts';
import { refuseWhileStopping } from './stopping.ts';
import { refuseUnstorable } from './storable-values.ts';
import { tokenRoutes } from './token-endpoint.ts';
import { uccRoutes } from './uccs.ts';
import { webhookRoutes } from './webhooks.ts';

const MAX_PARAM_LENGTH = 512;

/** Builds the HTTP server with all its routes; listening is the caller's. */
export async function buildHttpServer(
  settings: HttpSettings,
  services: HttpServices,
): Promise<FastifyInstance> {
  const app = newApp(settings, services);
  jsonBodies(app, settings.bodyLimitBytes);
  // Schemas describe answers; JSON.stringify keeps the contract's property order and every value.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error: FastifyError, request, reply) =>
    onError(error, request, reply, services),
  );
  app.setNotFoundHandler((_, reply) => sendProblem(reply, 404, 'There is no such resource.'));
  const connections = new Connections(app.server);
  const gate = new Gate(services, settings);
  const isOriginAllowed = originRule({ ...settings, tls: services.certificate });
  const strayOf = strayRule(settings, isOriginAllowed);
  await securityHeaders(app, { tls: services.certificate !== undefined });
  refuseStrays(app, strayOf, { gate, onError: (cause) => services.onError(cause) });
  const tickets = new AudioTickets(services.now, (principal) => services.isCurrent(principal));
  admitAll(app, gate, tickets);
  auditAll(app, services.auditLog, services.onAuditFailed);
  refuseWhileStopping(app, services, settings);
  refuseUnknownQuery(app);
  refuseUnstorable(app);
  answerCors(app, isOriginAllowed);
  const known = knownMethods(app);
  await describeApi(app);
  attendantService(app, services, { ...settings, gate });
  tokenRoutes(app, services, settings);
  eventRoutes(app, services, settings);
  hushApi(app, services, tickets);
  signInRoutes(app, services, settings);
  consoleFiles(app, settings);
  mountHub(app, services.hub, { gate, isOriginAllowed, strayOf });
  // Behind the routes' own hooks: streams have been told to end.
  app.addHook('preClose', async () => connections.close(settings.closeTimeoutMs));
  // Routes of a scope of their own are known once it is loaded.
  await app.after();
  refuseOtherMethods(app, known);
  await app.ready();
  return app;
}

function newApp(settings: HttpSettings, { certificate }: HttpServices): FastifyInstance {
  return Fastify({
    serverFactory: (handler) => createNodeServer(handler, settings, certificate),
    bodyLimit: settings.bodyLimitBytes,
    routerOptions: { caseSensitive: false, maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: onBadAddress,
    clientErrorHandler: onClientError,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    // Requests end when their answers are sent, or soon after: a stop waits for no idle connection.
    forceCloseConnections: 'idle',
  });
}

function hushApi(app: FastifyInstance, services: HttpServices, tickets: AudioTickets): void {
  callRoutes(app, services);
  liveAudioRoutes(app, services);
  callHealthRoute(app, services);
  pauseRoutes(app, services);
  recordingRoutes(app, services);
  audioTicketRoute(app, services, tickets);
  recordingPeaksRoute(app, services);
  recordingExportRoutes(app, services);
  legalHoldRoutes(app, services);
  erasureRoutes(app, services);
  archiveWorkRoutes(app, services);
  retentionRoutes(app, services);
  uccRoutes(app, services);
  webhookRoutes(app, services);
  peopleRoutes(app, services);
  auditLogRoutes(app, services);
  alarmRoutes(app, services);
  assuranceRoutes(app, services);
  healthRoutes(app, services);
}

function onError(
  error: FastifyError,
  request: FastifyRequest,
  ...[reply, services]: [FastifyReply, HttpServices]
): FastifyReply {
  if (error instanceof NotAdmittedError) {
    return refuse(request, reply.headers(error.headers), error.status);
  }
  if (isOfStore(error)) {
    services.onError(error);
    return refuseForNow(request, reply);
  }
  if (error instanceof AudioMissingError) return sendProblem(reply, 410, error.message);
  if (error instanceof AudioAwayError) {
    services.onError(error);
    reply.header('Retry-After', RETRY_AFTER_SECONDS);
    return sendProblem(reply, 503, 'The recording cannot be read now, please try again later.');
  }
  // The docs page's plugin makes a URL of the host, which HTTP/1.0 need not name.
  const status = error.statusCode ?? (error.code === 'ERR_INVALID_URL' ? 400 : 500);
  if (status >= 500) {
    services.onError(error);
    return refuse(request, reply, 500);
  }
  if (error instanceof BodyError) reply.headers(error.headers);
  const isSafe = error.validation || error instanceof BodyError;
  return refuse(request, reply, status, isSafe ? error.message : undefined);
}

/** The store cannot be reached: the request is as good as any, and may come again. */
function isOfStore(error: Error): boolean {
  return error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError;
}
