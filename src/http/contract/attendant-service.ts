import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import type { CallRegistry } from '../../domain/call/call-registry.ts';
import { stateOf } from '../../domain/call/call-state.ts';
import {
  type CommandAnswer,
  type CommandRequest,
  echoedCorrelationId,
} from '../../domain/control/command.ts';
import { contractError } from '../../domain/model/errors.ts';
import type { Caller } from '../../domain/model/principal.ts';
import { parseStateAction, StateAction } from '../../domain/model/recording-state.ts';
import type { Recorder } from '../../domain/ports/recorder.ts';
import type { UccRegistry } from '../../domain/ucc/ucc-registry.ts';
import type { Gate } from '../edge/access-gate.ts';
import { none } from '../request/audit.ts';
import {
  capabilitiesBodySchema,
  capabilitiesErrorBody,
  commandBodySchema,
  errorBody,
  errorMessage,
  recordingBodySchema,
  stateBody,
  statusOf,
} from '../request/contract-bodies.ts';
import { ifMatchOf } from '../request/entity-tag.ts';
import { refuse } from '../request/refusals.ts';
import { isGiven } from '../request/scope.ts';
import type { HttpSettings } from '../settings.ts';

/** Ports of the contract's routes. */
export interface AttendantServicePorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly auditLog: AuditLog;
  handleCommand(request: CommandRequest, caller: Caller): Promise<CommandAnswer>;
  onCommand(answer: CommandAnswer, seconds: number): void;
}

/** Both versions answer with the same bodies. */
const apiSurfaces = [
  { surface: 'v1', base: '/attendantservice/api/recording' },
  { surface: 'v2', base: '/attendantservice/api/v2/recording' },
] as const;
const tags = ['Core REST Recording API'];

/**
 * The contract validates by its own rules and answers in its own words: no schema stands before it.
 */
const tolerant = () => () => true;

interface ContractContext {
  readonly services: AttendantServicePorts;
  readonly mode: HttpSettings['statusCodes'];
  readonly gate: Pick<Gate, 'throttleCommand'>;
}

/** The three routes of the Core REST Recording API, v1 without and v2 with bearer tokens. */
export function attendantService(
  app: FastifyInstance,
  services: AttendantServicePorts,
  { statusCodes: mode, gate }: Pick<HttpSettings, 'statusCodes'> & Pick<ContractContext, 'gate'>,
): void {
  for (const at of apiSurfaces) {
    const context = { services, mode, gate };
    stateRoute(app, context, at);
    commandRoute(app, context, at);
    capabilitiesRoute(app, context, at);
  }
}

interface SurfaceOptions {
  readonly surface: 'v1' | 'v2';
  readonly base: string;
}

/** Returns the operation's id: v1 has one of its own. */
function named(operation: string, { surface }: SurfaceOptions): string {
  return surface === 'v1' ? `${operation}V1` : operation;
}

function stateRoute(app: FastifyInstance, { services, mode }: ContractContext, at: SurfaceOptions) {
  app.get<{ Params: { uccName: string; correlationId: string } }>(
    `${at.base}/:uccName/:correlationId`,
    {
      config: {
        contract: 'recording',
        access: 'readStates',
        surface: at.surface,
        audit: none('the state of a recorder, polled by every desktop'),
      },
      schema: {
        operationId: named('getState', at),
        ...{ tags, summary: 'State of a call' },
        response: { 200: recordingBodySchema },
      },
      validatorCompiler: tolerant,
    },
    (request, reply) => {
      const { uccName } = request.params;
      if (!isGiven(services, request.caller.principal, uccName)) {
        return denied(services, request, reply);
      }
      const correlationId = echoedCorrelationId(request.params.correlationId) ?? '';
      const answer = stateOf(services, uccName, correlationId);
      const echo = { correlationId, uccName };
      if (answer.ok) return reply.send(stateBody(echo, answer.state));
      reply.code(statusOf(answer.error, mode));
      return reply.send(errorBody(echo, errorMessage(answer.error)));
    },
  );
}

function commandRoute(app: FastifyInstance, context: ContractContext, at: SurfaceOptions): void {
  app.post(
    `${at.base}/set`,
    {
      config: {
        contract: 'recording',
        access: 'command',
        surface: at.surface,
        audit: 'change',
        takes: ['If-Match'],
        answersWith: ['Hush-Sequence', 'Hush-Effective-At'],
      },
      schema: {
        operationId: named('sendCommand', at),
        ...{ tags, summary: 'Command the recorder' },
        ...{ body: commandBodySchema, response: { 200: recordingBodySchema } },
      },
      validatorCompiler: tolerant,
    },
    (request, reply) => command(request, reply, context),
  );
}

function capabilitiesRoute(
  app: FastifyInstance,
  { services, mode }: ContractContext,
  at: SurfaceOptions,
): void {
  app.get<{ Params: { uccName: string } }>(
    `${at.base}/capabilities/:uccName`,
    {
      config: {
        contract: 'capabilities',
        access: 'readStates',
        surface: at.surface,
        audit: none('two settings of a UCC'),
      },
      schema: {
        operationId: named('getCapabilities', at),
        ...{ tags, summary: 'What agents of a UCC may do' },
        ...{ params: Type.Object({ uccName: Type.String() }) },
        response: { 200: capabilitiesBodySchema },
      },
      validatorCompiler: tolerant,
    },
    async (request, reply) => {
      const { uccName } = request.params;
      if (!isGiven(services, request.caller.principal, uccName)) {
        return denied(services, request, reply);
      }
      const ucc = services.uccs.get(uccName);
      if (ucc) {
        const may = ucc.agentCanEditAudioRecording && ucc.useAudioRecording;
        return { AgentCanEditRecordings: may, ErrorMessage: null, UCCName: uccName };
      }
      const error = contractError('capabilitiesUccUnknown', { uccName });
      reply.code(statusOf(error, mode));
      return capabilitiesErrorBody(uccName, errorMessage(error));
    },
  );
}

/** A UCC that is not given and one that is not there are answered alike. */
async function denied(
  { auditLog }: AttendantServicePorts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { uccName = null } = request.params as { uccName?: string };
  const action = `${request.method} ${request.routeOptions.url}`;
  await auditLog.denied(request.caller, { action, uccName, reason: 'ucc' });
  return refuse(request, reply, 403);
}

async function command(
  request: FastifyRequest,
  reply: FastifyReply,
  { services, mode, gate }: ContractContext,
) {
  const body = request.body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refuse(request, reply, 400);
  }
  const ifVersion = ifMatchOf(request.headers['if-match']);
  if (ifVersion === 'unreadable') return refuse(request, reply, 400);
  const command = readCommand(body as Record<string, unknown>, ifVersion);
  // A Pause always comes through.
  if (parseStateAction(command.action) !== StateAction.Pause) gate.throttleCommand(request.caller);
  const echo = {
    correlationId: echoedCorrelationId(command.correlationId),
    uccName: typeof command.uccName === 'string' ? command.uccName : null,
  };
  const begun = performance.now();
  const answer = await services.handleCommand(command, request.caller);
  services.onCommand(answer, (performance.now() - begun) / 1000);
  if (answer.ok) {
    reply.header('Hush-Sequence', answer.event.sequence);
    reply.header('Hush-Effective-At', new Date(answer.effectiveAt).toISOString());
    return stateBody(echo, answer.state);
  }
  reply.code(statusOf(answer.error, mode));
  return errorBody(echo, errorMessage(answer.error));
}

/** Property names match without regard to case. */
function readCommand(body: Record<string, unknown>, ifVersion: number | undefined): CommandRequest {
  let action: unknown;
  let requesterSipUri: unknown;
  let correlationId: unknown;
  let uccName: unknown;
  for (const name of Object.keys(body)) {
    switch (name.toLowerCase()) {
      case 'action':
        action = body[name];
        break;
      case 'requestersipuri':
        requesterSipUri = body[name];
        break;
      case 'correlationid':
        correlationId = body[name];
        break;
      case 'uccname':
        uccName = body[name];
        break;
    }
  }
  return { action, requesterSipUri, correlationId, uccName, ifVersion };
}
