import type { FastifyContextConfig, FastifySchema } from 'fastify';
import type { TSchema } from 'typebox';
import { contractErrors } from '../../domain/model/errors.ts';
import { capabilitiesBodySchema, recordingBodySchema } from '../request/contract-bodies.ts';
import { problemSchema } from '../request/problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The form that the route reads by rules of its own: it is described, and not validated. */
    form?: TSchema;
    /** A request need not have the body that the schema describes. */
    bodyIsOptional?: boolean;
  }
}

/** A route as far as its description depends on it. */
export interface Described {
  readonly schema?: FastifySchema & { hide?: boolean };
  readonly config?: FastifyContextConfig;
  readonly method: string | readonly string[];
}

const safeMethods: readonly string[] = ['GET', 'HEAD'];

/**
 * Completes a route's schema by what its hooks do before it is asked: security, and the answers of
 * the gate, of the checks of address and body, and of the store.
 */
export function describedOperation(route: Described): FastifySchema {
  const { schema = {}, config = {} } = route;
  if (schema.hide) return schema;
  const answers = { ...refusalsOf(route), ...(schema.response as Record<string, unknown>) };
  return {
    ...schema,
    security: schema.security ?? securityOf(config),
    response: answers,
    ...extensionsOf(config),
  } as FastifySchema;
}

/** Returns what Fastify does not validate, and extensions that `sharedParts` carries out. */
function extensionsOf({ takes, answersWith, bodyIsOptional, form }: FastifyContextConfig) {
  return {
    ...(takes ? { 'x-takes': takes } : {}),
    ...(answersWith ? { 'x-answers-with': answersWith } : {}),
    ...(bodyIsOptional ? { 'x-body-is-optional': true } : {}),
    ...(form ? { body: form, consumes: ['application/x-www-form-urlencoded'] } : {}),
  };
}

function securityOf({ access, surface, takesTicket }: FastifyContextConfig) {
  if (access === 'open' || surface === 'v1') return [];
  return takesTicket ? [{ bearer: [] }, { audioTicket: [] }] : [{ bearer: [] }];
}

/** Answers by status, in the contract's shape where the route is one of it. */
function refusalsOf({ schema = {}, config = {}, method }: Described): Record<string, TSchema> {
  const { contract } = config;
  const shape = { recording: recordingBodySchema, capabilities: capabilitiesBodySchema };
  const refusal = contract ? shape[contract] : problemSchema;
  const statuses = new Set([...statusesOf({ schema, config, method }), ...mappedStatuses(config)]);
  const refusals = Object.fromEntries([...statuses].map((status) => [status, refusal]));
  return { ...refusals, default: problemSchema };
}

function* statusesOf({ schema = {}, config = {}, method }: Described): Generator<number> {
  const isOpen = config.access === 'open';
  const isSafe = [method].flat().every((one) => safeMethods.includes(String(one)));
  yield 400;
  if (!isOpen && config.surface !== 'v1') yield 401;
  // An open route still refuses pages of other origins.
  if (!isOpen || !isSafe) yield 403;
  if (schema.body) {
    yield 413;
    yield 415;
  }
  yield 429;
  if (!isOpen || !isSafe) yield 503;
}

/** The contract's own errors have a status each where `http.statusCodes` is `mapped`. */
function mappedStatuses({ contract, access }: FastifyContextConfig): readonly number[] {
  if (!contract) return [];
  if (access === 'command') return Object.values(contractErrors).map(({ status }) => status);
  return [404, 503];
}
