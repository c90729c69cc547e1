import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { echoedCorrelationId } from '../../domain/control/command.ts';
import {
  badAddress,
  capabilitiesErrorBody,
  type ErrorMessage,
  errorBody,
  httpErrors,
  tryAgain,
} from './contract-bodies.ts';
import { sendProblem } from './problems.ts';
import { retryAfterSeconds } from './retry-after.ts';

export type ContractShape = 'recording' | 'capabilities';

const contractPrefix = '/attendantservice/';

/** Answers a refusal of HTTP or the gate, in the contract's shape on its routes. */
export function refuse(request: FastifyRequest, reply: FastifyReply, ...rest: [number, string?]) {
  const [status, detail] = rest;
  const { contract } = request.routeOptions.config;
  if (!contract) return sendProblem(reply, status, detail);
  const message = httpErrors[status] ?? tryAgain;
  return reply.code(status).send(refusal(contract, message, request.params));
}

/** The store cannot be reached: the request is as good as any, and may come again. */
export function refuseForNow(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { contract } = request.routeOptions.config;
  reply.header('Retry-After', retryAfterSeconds.store);
  if (!contract) return sendProblem(reply, 503, 'The database does not answer; please try again.');
  return reply.code(503).send(refusal(contract, tryAgain, request.params));
}

export function shapeOf(url: string): ContractShape | undefined {
  if (!url.startsWith(contractPrefix)) return undefined;
  return url.includes('/capabilities/') ? 'capabilities' : 'recording';
}

/** An address that two readers could read in two ways. */
export function refuseAddress(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { contract } = request.routeOptions.config;
  if (!contract) return sendProblem(reply, 400);
  return reply.code(400).send(refusal(contract, badAddress, undefined));
}

/** An address that cannot be decoded, or a part of it that is too long, reaches no route. */
export function onBadAddress(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = error.statusCode ?? 400;
  const contract = shapeOf((request.raw.url ?? '').toLowerCase());
  if (!contract) sendProblem(reply, status);
  else {
    const message = (status === 414 ? httpErrors[414] : undefined) ?? badAddress;
    reply.code(status).send(refusal(contract, message, undefined));
  }
}

/** Echoes what the address names; the body of a refused command has not been read. */
function refusal(shape: ContractShape, message: ErrorMessage, params: unknown) {
  const named = (params ?? {}) as { uccName?: string; correlationId?: string };
  const uccName = named.uccName ?? null;
  if (shape === 'capabilities') return capabilitiesErrorBody(uccName, message);
  return errorBody({ correlationId: echoedCorrelationId(named.correlationId), uccName }, message);
}
