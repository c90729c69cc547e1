import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Call } from '../../domain/call/call.ts';
import type { LeaseAnswer } from '../../domain/control/lease-entries.ts';
import type { Leases } from '../../domain/control/leases.ts';
import type { Effect } from '../../domain/control/pause-gate.ts';
import type { SeamLeases } from '../../domain/control/seam-leases.ts';
import { isoTime } from '../../domain/event/event-view.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import { reservedOwners } from '../../domain/model/lease.ts';
import type { Caller } from '../../domain/model/principal.ts';
import { RecordingState, recordingStateName } from '../../domain/model/recording-state.ts';
import { cleanName } from '../../domain/redaction/client-text.ts';
import { none } from '../request/audit.ts';
import { entityTag, type IfMatch, ifMatchOf } from '../request/entity-tag.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { strict } from '../request/strict-body.ts';
import { type CallsPorts, callFor, recordFor } from './calls.ts';
import {
  answers,
  ownerParams,
  params,
  pausesSchema,
  releaseQuery,
  renewBody,
  takeBody,
} from './pause-schemas.ts';
import { askedLease, type LeaseBody } from './requested-lease.ts';

export interface PausesPorts extends CallsPorts {
  readonly leases: Leases;
  readonly seamLeases: SeamLeases;
}

const tags = ['Calls'];

interface TakeRoute {
  Params: { id: string };
  Headers: IfMatch & { 'idempotency-key'?: string };
  Body: LeaseBody;
}

interface OwnerRoute {
  Params: { id: string; owner: string };
  Headers: IfMatch;
  Querystring: { requester?: string };
  Body: { ttlMs?: number; requester?: string } | undefined;
}

const commandHeaders = {
  takes: ['If-Match'],
  answersWith: ['ETag', 'Hush-Sequence', 'Hush-Effective-At'],
} as const;
const owned = '/api/calls/:id/pauses/:owner';

/** A call's pause set, and leases: pauses that their owner must renew. */
export function pauseRoutes(app: FastifyInstance, services: PausesPorts): void {
  listRoute(app, services);
  takeRoute(app, services);
  renewRoute(app, services);
  releaseRoute(app, services);
}

function renewRoute(app: FastifyInstance, services: PausesPorts): void {
  app.put<OwnerRoute>(
    owned,
    {
      config: { access: 'command', audit: 'change', ...commandHeaders },
      schema: {
        operationId: 'renewPause',
        ...{ tags, params: ownerParams, body: renewBody, response: answers },
        summary: 'Renew a pause; 404: it no longer holds',
      },
      validatorCompiler: strict,
    },
    (request, reply) =>
      answerCommand(services, request, reply, {
        live: (call, ifVersion) =>
          services.leases.renew(call, request.caller, { ...renewalOf(request), ifVersion }),
        ended: (record, ifVersion) =>
          services.seamLeases.renew(record, request.caller, { ...renewalOf(request), ifVersion }),
      }),
  );
}

function releaseRoute(app: FastifyInstance, services: PausesPorts): void {
  app.delete<OwnerRoute>(
    owned,
    {
      config: { access: 'command', audit: 'change', ...commandHeaders },
      schema: {
        operationId: 'releasePause',
        ...{ tags, params: ownerParams, querystring: releaseQuery, response: answers },
        summary: 'Give a pause back; audio is kept again once nobody holds',
      },
    },
    (request, reply) =>
      answerCommand(services, request, reply, {
        live: (call, ifVersion) =>
          services.leases.release(call, request.caller, { ...renewalOf(request), ifVersion }),
        ended: (record, ifVersion) =>
          services.seamLeases.release(record, request.caller, { ...renewalOf(request), ifVersion }),
      }),
  );
}

function renewalOf({ params, query, body }: FastifyRequest<OwnerRoute>) {
  const requesterUri = body?.requester ?? query.requester;
  return { owner: cleanName(params.owner), ttlMs: body?.ttlMs, requester: requesterUri };
}

function listRoute(app: FastifyInstance, services: PausesPorts): void {
  app.get<{ Params: { id: string } }>(
    '/api/calls/:id/pauses',
    {
      config: {
        access: 'readCalls',
        audit: none('names of programs that pause, polled by them'),
        answersWith: ['ETag'],
      },
      schema: {
        operationId: 'listPauses',
        ...{ tags, params, summary: 'Who pauses the call' },
        response: { 200: pausesSchema, 404: problemSchema },
      },
    },
    (request, reply) => {
      const call = callFor(services, request);
      if (!call) return sendProblem(reply, 404, 'No such call is in progress.');
      reply.header('ETag', entityTag(call.record.version));
      return reply.send(pausesView(call, request.caller, undefined));
    },
  );
}

function takeRoute(app: FastifyInstance, services: PausesPorts): void {
  app.post<TakeRoute>(
    '/api/calls/:id/pauses',
    {
      config: { access: 'command', audit: 'change', ...commandHeaders },
      schema: {
        operationId: 'pauseCall',
        ...{ tags, params, body: takeBody, response: answers },
        summary: 'Pause as an owner of your own, for a limited time',
        headers: Type.Object({
          'idempotency-key': Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 128,
              description:
                'The same key with the same request is the same pause, however often it arrives',
            }),
          ),
        }),
      },
      validatorCompiler: strict,
    },
    (request, reply) => {
      const { owner } = request.body;
      if (reservedOwners.includes(owner.toLowerCase())) {
        return sendProblem(reply, 400, `The owner ${owner} is Hush's own.`);
      }
      const asked = askedLease(request.body, request.headers['idempotency-key']);
      return answerCommand(services, request, reply, {
        live: (call, ifVersion) =>
          services.leases.take(call, request.caller, { ...asked, ifVersion }),
      });
    },
  );
}

/** Carries a command out on a call in progress, or on a dialogue between two recording sessions. */
interface LeaseCommand {
  live(call: Call, ifVersion: number | undefined): Promise<LeaseAnswer>;
  ended?(record: CallRecord, ifVersion: number | undefined): Promise<LeaseAnswer>;
}

async function answerCommand(
  services: PausesPorts,
  request: FastifyRequest<{ Params: { id: string }; Headers: IfMatch }>,
  reply: FastifyReply,
  command: LeaseCommand,
): Promise<FastifyReply> {
  const ifVersion = ifMatchOf(request.headers['if-match']);
  if (ifVersion === 'unreadable') return sendProblem(reply, 400, 'If-Match is no version.');
  const answer = await answerOf(services, request, command, ifVersion);
  if (!answer) return sendProblem(reply, 404, 'No such call is in progress.');
  if (!answer.ok) return sendProblem(reply, answer.status, answer.message);
  const { call } = answer;
  const { effect } = answer;
  if (effect) {
    reply.header('Hush-Sequence', effect.event.sequence);
    reply.header('Hush-Effective-At', isoTime(effect.effectiveAt));
  }
  reply.header('ETag', entityTag(call.record.version));
  const isNew = effect?.event.type === 'pauseTaken';
  return reply.code(isNew ? 201 : 200).send(pausesView(call, request.caller, effect));
}

async function answerOf(
  services: PausesPorts,
  request: FastifyRequest<{ Params: { id: string } }>,
  ...[command, ifVersion]: [LeaseCommand, number | undefined]
): Promise<LeaseAnswer | undefined> {
  const call = callFor(services, request);
  if (call) return command.live(call, ifVersion);
  const record = await recordFor(services, request);
  return record && command.ended?.(record, ifVersion);
}

function pausesView(call: Call, { principal }: Caller, effect: Effect | undefined) {
  const { version, pausedAt, leases } = call.record;
  const isPaused = call.recordingState === RecordingState.Paused;
  const pauses = [
    ...(isPaused ? [{ ...noLease, owner: 'api', since: timeOf(pausedAt) }] : []),
    ...leases.map(({ owner, reason, takenAt, expiresAt, expired, takenBy }) => ({
      ...{ owner, reason, since: isoTime(takenAt), expiresAt: isoTime(expiresAt), expired },
      isYours: takenBy === principal.key,
    })),
    ...(call.isOnHold ? [{ ...noLease, owner: 'hold' }] : []),
  ];
  return {
    ...{ callId: call.id, version, keepsAudio: call.keeps && !call.isOnHold },
    recordingState: recordingStateName(call.recordingState),
    effectiveAt: timeOf(effect?.effectiveAt ?? null),
    sequence: effect?.event.sequence ?? null,
    pauses,
  };
}

const noLease = { reason: null, since: null, expiresAt: null, expired: false, isYours: false };

function timeOf(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}
