import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Call } from '../../domain/call/call.ts';
import type { CallRegistry } from '../../domain/call/call-registry.ts';
import { eventView } from '../../domain/event/event-view.ts';
import { parseGuid } from '../../domain/identifiers/correlation-id.ts';
import type { AlarmKind } from '../../domain/model/alarm.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import type { Store } from '../../domain/ports/store.ts';
import type { UccRegistry } from '../../domain/ucc/ucc-registry.ts';
import { callSchema, eventSchema, receiptSchema } from '../recordings/schemas.ts';
import { callView, receiptView } from '../recordings/views.ts';
import { entityTag } from '../request/entity-tag.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { seesDialogue } from '../request/scope.ts';

export interface CallsPorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly store: Store;
  /** Open alarms of a call in progress. */
  alarmsOf(callId: string): AlarmKind[];
}

const tags = ['Calls'];

export function callRoutes(app: FastifyInstance, services: CallsPorts): void {
  app.get<{ Querystring: { ucc?: string; agent?: string } }>(
    '/api/calls',
    {
      config: { access: 'readCalls', audit: 'read', answersUnaudited: true },
      schema: {
        operationId: 'listCalls',
        tags,
        summary: 'Calls in progress: how an integrator finds the correlation id',
        querystring: Type.Object({
          ucc: Type.Optional(Type.String()),
          agent: Type.Optional(Type.String({ description: 'SIP URI or phone number' })),
        }),
        response: { 200: Type.Object({ items: Type.Array(callSchema) }) },
      },
    },
    async ({ query, caller }) => {
      const calls = services.calls.list(query);
      const seen = calls.filter(({ record }) => seesDialogue(services, caller.principal, record));
      return { items: seen.map((call) => callView(call, services.alarmsOf(call.id))) };
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/calls/:id',
    {
      config: { access: 'readCalls', audit: 'read', answersUnaudited: true, answersWith: ['ETag'] },
      schema: {
        operationId: 'getCall',
        tags,
        summary: 'A call in progress, by its id or its correlation id',
        params: Type.Object({ id: Type.String() }),
        response: { 200: callSchema, 404: problemSchema },
      },
    },
    async (request, reply) => {
      const call = callFor(services, request);
      if (!call) return sendProblem(reply, 404, 'No such call is in progress.');
      reply.header('ETag', entityTag(call.record.version));
      return callView(call, services.alarmsOf(call.id));
    },
  );
  receiptRoute(app, services);
  eventsRoute(app, services);
}

function receiptRoute(app: FastifyInstance, services: CallsPorts): void {
  app.get<{ Params: { id: string } }>(
    '/api/calls/:id/receipts',
    {
      config: { access: 'readCalls', audit: 'read' },
      schema: {
        operationId: 'listReceipts',
        tags,
        summary: 'What was commanded, from when it was in effect, and the last that was kept',
        params: Type.Object({ id: Type.String({ description: 'Or correlation id' }) }),
        response: { 200: Type.Object({ items: Type.Array(receiptSchema) }), 404: problemSchema },
      },
    },
    async (request, reply) => {
      const record = await recordFor(services, request);
      if (!record) return sendProblem(reply, 404, 'No such call.');
      return { items: (await services.store.details(record)).map(receiptView) };
    },
  );
}

function eventsRoute(app: FastifyInstance, services: CallsPorts): void {
  app.get<{ Params: { id: string } }>(
    '/api/calls/:id/events',
    {
      config: { access: 'readCalls', audit: 'read' },
      schema: {
        operationId: 'listCallEvents',
        tags,
        summary: 'All that has happened to a call, in progress or ended, in its order',
        params: Type.Object({ id: Type.String({ description: 'Or correlation id' }) }),
        response: { 200: Type.Object({ items: Type.Array(eventSchema) }), 404: problemSchema },
      },
    },
    async (request, reply) => {
      const record = await recordFor(services, request);
      if (!record) return sendProblem(reply, 404, 'No such call.');
      return { items: (await services.store.eventsOf(record)).map(eventView) };
    },
  );
}

type CallRequest = Pick<FastifyRequest<{ Params: { id: string } }>, 'params' | 'caller'> &
  Partial<Pick<FastifyRequest, 'subject' | 'hidden'>>;

/** The call that the path names, in progress or not, if the caller may know of it. */
export async function recordFor(
  services: CallsPorts,
  request: CallRequest,
): Promise<CallRecord | undefined> {
  const id = parseGuid(request.params.id) ?? request.params.id;
  const live = services.calls.byId(id) ?? services.calls.byCorrelationId(id);
  const record =
    live?.record ?? (await services.store.call(id)) ?? (await services.store.lastCall(id));
  if (!record) return undefined;
  const isSeen = seesDialogue(services, request.caller.principal, record);
  if (isSeen) request.subject = record;
  request.hidden = isSeen ? null : record;
  return isSeen ? record : undefined;
}

/**
 * The call in progress that the path names, if the caller may know of it: by its id, its
 * correlation id, or the id of an earlier part of its dialogue.
 */
export function callFor(services: CallsPorts, request: CallRequest): Call | undefined {
  const id = parseGuid(request.params.id) ?? request.params.id;
  const call = services.calls.named(id);
  if (!call) return undefined;
  const isSeen = seesDialogue(services, request.caller.principal, call.record);
  if (isSeen) request.subject = call.record;
  request.hidden = isSeen ? null : call.record;
  return isSeen ? call : undefined;
}
