import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { stateOf } from '../domain/call-state.ts';
import { type CommandRequest, echoedCorrelationId } from '../domain/command.ts';
import { contractError } from '../domain/errors.ts';
import {
  type CapabilitiesBody,
  capabilitiesBodySchema,
  capabilitiesErrorBody,
  commandBodySchema,
  errorBody,
  errorMessage,
  httpErrors,
  recordingBodySchema,
  stateBody,
  statusOf,
} from './contract-bodies.ts';
import type { HttpServices, HttpSettings } from './services.ts';

const base = '/attendantservice/api/recording';
const tags = ['Core REST Recording API'];

/**
 * The contract validates by its own rules and answers in its own words: no schema stands before it.
 */
const tolerant = () => () => true;

/** The three routes of the Core REST Recording API, v1. */
export function attendantService(
  app: FastifyInstance,
  services: HttpServices,
  settings: Pick<HttpSettings, 'statusCodes'>,
): void {
  const mode = settings.statusCodes;

  app.get<{ Params: { uccName: string; correlationId: string } }>(
    `${base}/:uccName/:correlationId`,
    {
      config: { contract: 'recording' },
      schema: { tags, summary: 'State of a call', response: { 200: recordingBodySchema } },
      validatorCompiler: tolerant,
    },
    async (request, reply) => {
      const { uccName } = request.params;
      const correlationId = echoedCorrelationId(request.params.correlationId) ?? '';
      const answer = stateOf(services, uccName, correlationId);
      const echo = { correlationId, uccName };
      if (answer.ok) return stateBody(echo, answer.state);
      reply.code(statusOf(answer.error, mode));
      return errorBody(echo, errorMessage(answer.error));
    },
  );

  app.post(
    `${base}/set`,
    {
      config: { contract: 'recording' },
      schema: {
        ...{ tags, summary: 'Command the recorder' },
        ...{ body: commandBodySchema, response: { 200: recordingBodySchema } },
      },
      validatorCompiler: tolerant,
    },
    (request, reply) => command(request, reply, services, mode),
  );

  app.get<{ Params: { uccName: string } }>(
    `${base}/capabilities/:uccName`,
    {
      config: { contract: 'capabilities' },
      schema: {
        ...{ tags, summary: 'What agents of a UCC may do' },
        ...{ params: Type.Object({ uccName: Type.String() }) },
        response: { 200: capabilitiesBodySchema },
      },
      validatorCompiler: tolerant,
    },
    async (request, reply): Promise<CapabilitiesBody> => {
      const { uccName } = request.params;
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

async function command(
  request: FastifyRequest,
  reply: FastifyReply,
  ...[services, mode]: [HttpServices, 'ok' | 'mapped']
) {
  const body = request.body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    reply.code(400);
    const message = httpErrors[400];
    return errorBody(
      { correlationId: null, uccName: null },
      message as NonNullable<typeof message>,
    );
  }
  const command = readCommand(body as Record<string, unknown>);
  const echo = {
    correlationId: echoedCorrelationId(command.correlationId),
    uccName: typeof command.uccName === 'string' ? command.uccName : null,
  };
  const begun = performance.now();
  const answer = await services.carry(command);
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
function readCommand(body: Record<string, unknown>): CommandRequest {
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
  return { action, requesterSipUri, correlationId, uccName };
}
