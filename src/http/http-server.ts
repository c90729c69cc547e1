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
} from '../domain/model/errors.ts';
import type { Log } from '../domain/ports/log.ts';
import type { Certificate } from '../protocols/tls/certificate.ts';
import { type PeoplePorts, peopleRoutes } from './accounts/people.ts';
import { type SignInPorts, signInRoutes } from './accounts/sign-in.ts';
import { type TokenEndpointPorts, tokenRoutes } from './accounts/token-endpoint.ts';
import { admitAll } from './admission.ts';
import { type CallHealthPorts, callHealthRoute } from './calls/call-health.ts';
import { type CallsPorts, callRoutes } from './calls/calls.ts';
import { type LiveAudioPorts, liveAudioRoutes } from './calls/live-audio.ts';
import { type PausesPorts, pauseRoutes } from './calls/pauses.ts';
import { type AttendantServicePorts, attendantService } from './contract/attendant-service.ts';
import { describeApi } from './description/api-description.ts';
import { Gate, type GatePorts, NotAdmittedError } from './edge/access-gate.ts';
import { logAnswers } from './edge/answer-log.ts';
import { onClientError } from './edge/client-errors.ts';
import { Connections } from './edge/connections.ts';
import { consoleFiles } from './edge/console-files.ts';
import { refuseStrays, strayRule } from './edge/host-guard.ts';
import { type HttpMount, mountHub } from './edge/hub-mount.ts';
import { createNodeServer } from './edge/node-server.ts';
import { answerCors, originRule } from './edge/origins.ts';
import { securityHeaders } from './edge/security-headers.ts';
import { refuseWhileStopping, type StoppingPorts } from './edge/stopping.ts';
import { type AlarmsPorts, alarmRoutes } from './operations/alarms.ts';
import { type ArchiveJobsPorts, archiveJobRoutes } from './operations/archive-jobs.ts';
import { type AssurancePorts, assuranceRoutes } from './operations/assurance.ts';
import { type AuditLogPorts, auditLogRoutes } from './operations/audit-log.ts';
import { type HealthPorts, healthRoutes } from './operations/health.ts';
import { type RetentionPorts, retentionRoutes } from './operations/retention.ts';
import { type UccsPorts, uccRoutes } from './operations/uccs.ts';
import { type WebhooksPorts, webhookRoutes } from './operations/webhooks.ts';
import {
  AudioTickets,
  type AudioTicketsPorts,
  audioTicketRoute,
} from './recordings/audio-tickets.ts';
import { type ErasuresPorts, erasureRoutes } from './recordings/erasures.ts';
import { type LegalHoldPorts, legalHoldRoutes } from './recordings/legal-hold.ts';
import { type RecordingExportPorts, recordingExportRoutes } from './recordings/recording-export.ts';
import { type RecordingPeaksPorts, recordingPeaksRoute } from './recordings/recording-peaks.ts';
import { type RecordingsPorts, recordingRoutes } from './recordings/recordings.ts';
import { auditAll } from './request/audit.ts';
import { BodyError } from './request/body-decoding.ts';
import { jsonBodies } from './request/json-bodies.ts';
import { knownMethods, refuseOtherMethods } from './request/known-methods.ts';
import { refuseUnknownQuery } from './request/known-query.ts';
import { sendProblem } from './request/problems.ts';
import { onBadAddress, refuse, refuseForNow } from './request/refusals.ts';
import { retryAfterSeconds } from './request/retry-after.ts';
import { refuseUnstorable } from './request/storable-values.ts';
import type { HttpSettings } from './settings.ts';
import { type EventsPorts, eventRoutes } from './streams/events.ts';

/** Ports of the server: those of its routes, and its own. */
export interface HttpServerPorts
  extends GatePorts,
    StoppingPorts,
    ErasuresPorts,
    RecordingExportPorts,
    RecordingsPorts,
    RecordingPeaksPorts,
    AudioTicketsPorts,
    LegalHoldPorts,
    CallsPorts,
    PausesPorts,
    CallHealthPorts,
    LiveAudioPorts,
    AttendantServicePorts,
    RetentionPorts,
    AlarmsPorts,
    HealthPorts,
    ArchiveJobsPorts,
    AuditLogPorts,
    AssurancePorts,
    UccsPorts,
    WebhooksPorts,
    PeoplePorts,
    TokenEndpointPorts,
    SignInPorts,
    EventsPorts {
  readonly hub: HttpMount;
  readonly log: Log;
  /** A row of the audit log could not be written, and nobody waited for it. */
  onAuditFailed(cause: unknown): void;
  /** HTTPS by it; plain HTTP without. */
  readonly certificate?: Certificate | undefined;
}

const MAX_PARAM_LENGTH = 512;

/** Builds the HTTP server with all its routes; listening is the caller's. */
export async function buildHttpServer(
  settings: HttpSettings,
  services: HttpServerPorts,
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
  securityHeaders(app, { tls: services.certificate !== undefined });
  refuseStrays(app, strayOf, { gate, onError: (cause) => services.onError(cause) });
  const tickets = new AudioTickets(services.now, (principal) => services.isCurrent(principal));
  logAnswers(app, services.log);
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
  await consoleFiles(app, settings);
  mountHub(app, services.hub, { gate, isOriginAllowed, strayOf });
  // This runs behind the routes' own hooks: streams have been told to end.
  app.addHook('preClose', async () => connections.close(settings.closeTimeoutMs));
  // Routes of a scope of their own are known once it is loaded.
  await app.after();
  refuseOtherMethods(app, known);
  await app.ready();
  return app;
}

function newApp(settings: HttpSettings, { certificate }: HttpServerPorts): FastifyInstance {
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

function hushApi(app: FastifyInstance, services: HttpServerPorts, tickets: AudioTickets): void {
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
  archiveJobRoutes(app, services);
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
  ...[reply, services]: [FastifyReply, HttpServerPorts]
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
    reply.header('Retry-After', retryAfterSeconds.audio);
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
