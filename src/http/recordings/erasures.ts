import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Span } from '../../domain/common/span.ts';
import { isoTime } from '../../domain/event/event-view.ts';
import { type ErasureRecord, type FoundState, foundStates } from '../../domain/model/erasure.ts';
import type { RetentionStore } from '../../domain/ports/retention-store.ts';
import type { Erasures } from '../../domain/recording/erasures.ts';
import { cleanReason, cleanText } from '../../domain/redaction/client-text.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { reasonSchema, strict } from '../request/strict-body.ts';
import { type RecordingAuditPorts, recordingAudit, refusedAudit } from './recording-audit.ts';
import { findRecording, type RecordingsPorts } from './recordings.ts';

export interface ErasuresPorts extends RecordingAuditPorts, RecordingsPorts {
  readonly retentionStore: RetentionStore;
  readonly erasures: Pick<Erasures, 'erase'>;
}

const tags = ['Recordings'];
const params = Type.Object({ id: Type.String({ description: 'Or correlation id' }) });
const nullableTime = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });
const nullableNumber = Type.Unsafe<number | null>({ type: ['number', 'null'] });

export const erasureSchema = Type.Object(
  {
    id: Type.String(),
    recordingId: Type.String(),
    correlationId: Type.String(),
    uccName: Type.String(),
    startMs: nullableNumber,
    endMs: nullableNumber,
    reason: Type.String(),
    requestedBy: Type.String(),
    requestedAt: Type.String({ format: 'date-time' }),
    state: Type.String({
      enum: ['begun', 'keysRemoved', 'keysDestroyed', 'done'],
      description:
        'begun: will be carried out; keysRemoved: no row holds the keys, the log of the database ' +
        'still may; keysDestroyed: nobody can open the audio any more, bytes may still be in a ' +
        'bucket; done: those are gone too',
    }),
    keysDestroyedAt: nullableTime,
    doneAt: nullableTime,
    destroyed: Type.Array(
      Type.Object(
        {
          track: Type.Integer(),
          segment: Type.Integer(),
          generation: Type.Integer(),
          keySha256: Type.String({ description: 'Of the wrapped key that was destroyed' }),
          bytes: nullableNumber,
          found: Type.Unsafe<FoundState | null>({
            ...{ type: ['string', 'null'], enum: [...foundStates, null] },
            description:
              'What was found of it. damaged: some of it was not what was sealed; missing: its file ' +
              'was not there; unopened: no master key opened its key; null: nobody looked',
          }),
          lostMs: Type.Integer({
            description: 'Of audio that could not be opened any more: a gap `lost`',
          }),
        },
        { title: 'DestroyedSegment' },
      ),
    ),
  },
  {
    title: 'Erasure',
    description: 'A receipt: startMs and endMs are null where the whole recording was erased',
  },
);

interface ErasureBody {
  reason: string;
  whole?: boolean;
  startMs?: number;
  endMs?: number;
}

const bodySchema = Type.Object(
  {
    reason: reasonSchema,
    whole: Type.Optional(Type.Boolean({ description: 'True: all of it' })),
    startMs: Type.Optional(Type.Integer({ minimum: 0, description: 'From its beginning' })),
    endMs: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { title: 'ErasureRequest', additionalProperties: false },
);

export function erasureRoutes(app: FastifyInstance, services: ErasuresPorts): void {
  listRoute(app, services);
  eraseRoute(app, services);
}

function listRoute(app: FastifyInstance, services: ErasuresPorts): void {
  app.get<{ Params: { id: string } }>(
    '/api/recordings/:id/erasures',
    {
      config: { access: 'readRecordings', audit: 'read' },
      schema: {
        operationId: 'listErasures',
        ...{ tags, params, summary: 'What was erased of it, the newest first' },
        response: { 200: Type.Object({ items: Type.Array(erasureSchema) }), 404: problemSchema },
      },
    },
    async (request, reply) => {
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      const erasures = await services.retentionStore.erasures({ callId: record.id });
      return { items: erasures.map(erasureView) };
    },
  );
}

function eraseRoute(app: FastifyInstance, services: ErasuresPorts): void {
  app.post<{ Params: { id: string }; Body: ErasureBody }>(
    '/api/recordings/:id/erasures',
    {
      config: { access: 'erase', audit: 'change' },
      schema: {
        operationId: 'eraseRecording',
        ...{ tags, params, body: bodySchema },
        summary: 'Erase a recording, or an interval of it, for good; the answer is the receipt',
        description:
          'Either `whole`, or `startMs` and `endMs`. Keys are destroyed first. 202: the erasure ' +
          'is durable, and goes on by itself; its state says how far it is.',
        response: {
          ...{ 201: erasureSchema, 202: erasureSchema, 400: problemSchema },
          ...{ 404: problemSchema, 409: problemSchema },
        },
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      const interval = intervalOf(request.body);
      if (interval === undefined) {
        return sendProblem(reply, 400, 'Give either whole, or startMs and endMs.');
      }
      const reason = cleanReason(request.body.reason);
      const entry = recordingAudit(services, request, record, 'erase', reason);
      try {
        const erasure = await services.erasures.erase({
          ...{ callId: record.id, interval, reason, audit: entry },
          requestedBy: cleanText(request.caller.principal.name),
        });
        return reply.code(erasure.state === 'done' ? 201 : 202).send(erasureView(erasure));
      } catch (cause) {
        return refusedAudit(services, reply, entry, cause);
      }
    },
  );
}

/** Null: the whole recording. */
function intervalOf({ whole = false, startMs, endMs }: ErasureBody): Span | null | undefined {
  if (whole) return startMs === undefined && endMs === undefined ? null : undefined;
  if (startMs === undefined || endMs === undefined) return undefined;
  return { start: startMs, end: endMs };
}

export function erasureView(erasure: ErasureRecord) {
  const { callId, interval, requestedAt, keysDestroyedAt, doneAt, ...rest } = erasure;
  return {
    ...rest,
    recordingId: callId,
    startMs: interval?.start ?? null,
    endMs: interval?.end ?? null,
    requestedAt: isoTime(requestedAt),
    keysDestroyedAt: keysDestroyedAt === null ? null : isoTime(keysDestroyedAt),
    doneAt: doneAt === null ? null : isoTime(doneAt),
  };
}
