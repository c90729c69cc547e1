import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { parseGuid } from '../../domain/identifiers/correlation-id.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import type { Caller } from '../../domain/model/principal.ts';
import type { RecordingParts } from '../../domain/recording/recording-sidecar.ts';
import type { UccRegistry } from '../../domain/ucc/ucc-registry.ts';
import { audioFormat } from '../description/enums.ts';
import { media } from '../description/media.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { scopeOf, seesRecording } from '../request/scope.ts';
import {
  type AudioFormat,
  type RecordingAudioPorts,
  sendAudio,
  sendExport,
} from './recording-audio.ts';
import {
  cursorOf,
  type RecordingQuery,
  recordingFilter,
  recordingQueryDescription,
  recordingQuerySchema,
} from './recording-query.ts';
import { recordingDetailSchema, recordingSchema } from './schemas.ts';
import { recordingDetailView, recordingView } from './views.ts';

export interface RecordingsPorts extends RecordingAudioPorts {
  readonly uccs: UccRegistry;
  /** The record as it truly is, where the store could not be told yet. */
  trueRecord(record: CallRecord): CallRecord;
}

const tags = ['Recordings'];
const audioQuerySchema = Type.Object({
  format: Type.Optional(audioFormat('wav')),
  ticket: Type.Optional(
    Type.String({ description: 'Instead of a token; from /api/recordings/{id}/audio-tickets' }),
  ),
});
const audioDescription =
  'WAV is PCM of 16 bits at the highest sample rate that was recorded, with HTTP ranges, and ' +
  'an entity tag that changes with its content: If-Range, If-None-Match and their kin hold. ' +
  'Opus (Ogg, 48 kHz) and FLAC (the samples of the WAV) are made while they are sent: ' +
  'without ranges, and 503 with Retry-After while too many are being made. ' +
  'Of a recording whose files are gone, or not whole, nothing is answered: 410, and 503 with ' +
  'Retry-After while its disk or bucket is away. What cannot be read later cuts the connection.';

const audioAnswers = {
  200: media('The recording', 'audio/wav', 'audio/ogg', 'audio/flac'),
  206: media('The range of the WAV', 'audio/wav'),
  304: Type.Null({ description: 'It is as the client has it' }),
  ...Object.fromEntries([404, 409, 410, 412, 416].map((status) => [status, problemSchema])),
};
const audioHeaders = {
  takes: [
    'Range',
    'If-Range',
    'If-Match',
    'If-None-Match',
    'If-Modified-Since',
    'If-Unmodified-Since',
  ],
  answersWith: ['ETag', 'Last-Modified', 'Accept-Ranges', 'Content-Disposition'],
} as const;
const pageSchema = Type.Object(
  {
    items: Type.Array(recordingSchema),
    nextCursor: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  },
  { title: 'RecordingPage' },
);

export interface ById {
  readonly params: { readonly id: string };
  readonly caller: Caller;
  /** For the audit log: what was found. */
  subject?: FastifyRequest['subject'];
  /** And what was found, and is not the caller's. */
  hidden?: FastifyRequest['hidden'];
}

const params = Type.Object({ id: Type.String() });

export function recordingRoutes(app: FastifyInstance, services: RecordingsPorts): void {
  app.get<{ Querystring: RecordingQuery }>(
    '/api/recordings',
    {
      config: { access: 'readRecordings', audit: 'read' },
      schema: {
        operationId: 'listRecordings',
        tags,
        summary: 'Recordings, newest first',
        description: recordingQueryDescription,
        querystring: recordingQuerySchema,
        response: {
          200: pageSchema,
        },
      },
    },
    async (request, reply) => {
      const scope = scopeOf(services, request.caller.principal);
      const filter = recordingFilter(request.query, scope);
      if (!filter) return sendProblem(reply, 400, 'The cursor is not one of ours.');
      const { records, next } = await services.store.recordings(filter);
      const items = records.map((record) => recordingView(services.trueRecord(record)));
      return { items, nextCursor: next && cursorOf(next) };
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/recordings/:id',
    {
      config: { access: 'readRecordings', audit: 'read' },
      schema: {
        operationId: 'getRecording',
        ...{ tags, params },
        summary: 'A recording: tracks, gap map, receipts',
        response: { 200: recordingDetailSchema, 404: problemSchema },
      },
    },
    async (request, reply) => {
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      return recordingDetailView(record, await partsOf(services, record));
    },
  );

  app.get<{ Params: { id: string }; Querystring: { format?: AudioFormat } }>(
    '/api/recordings/:id/audio',
    {
      config: { access: 'listen', takesTicket: true, audit: 'export', ...audioHeaders },
      schema: {
        operationId: 'getRecordingAudio',
        ...{ tags, params, querystring: audioQuerySchema, response: audioAnswers },
        summary: 'Stereo audio: one party per channel, the agent left, gaps as silence',
        description: audioDescription,
      },
    },
    async (request, reply) => {
      const record = await keptRecording(services, request, reply);
      if (!record) return reply;
      const { format = 'wav' } = request.query;
      const asked = { request, reply, record, services };
      return format === 'wav' ? sendAudio(asked) : sendExport(asked, format);
    },
  );
}

/** Reads the parts of a recording, without its audio. */
export async function partsOf(
  { store }: RecordingsPorts,
  record: CallRecord,
): Promise<RecordingParts> {
  return {
    tracks: await store.tracks(record.id),
    gaps: await store.gaps(record.id),
    details: await store.details(record),
  };
}

/** Finds a recording by its id, or the newest one of a correlation id. */
export async function findRecording(
  services: RecordingsPorts,
  request: ById,
): Promise<CallRecord | undefined> {
  const { principal } = request.caller;
  const id = parseGuid(request.params.id);
  if (id === undefined) return undefined;
  const record = await recordingOf(services, id, scopeOf(services, principal));
  if (!record) return undefined;
  const isSeen = seesRecording(services, principal, record);
  if (isSeen) request.subject = record;
  else request.hidden = record;
  return isSeen ? services.trueRecord(record) : undefined;
}

/** Prefers, of a correlation id, the newest in which one of `uccs` took part. */
async function recordingOf(
  { store }: RecordingsPorts,
  id: string,
  uccs: string[] | undefined,
): Promise<CallRecord | undefined> {
  const record = await store.call(id);
  if (record?.recorded) return record;
  const asked = { correlationId: id, limit: 1 };
  const [own] = uccs ? (await store.recordings({ ...asked, uccs })).records : [];
  return own ?? (await store.recordings(asked)).records[0];
}

/** Finds a recording that has audio; else the reply has said why it has none. */
export async function keptRecording(
  services: RecordingsPorts,
  request: ById,
  reply: FastifyReply,
): Promise<CallRecord | undefined> {
  const record = await findRecording(services, request);
  if (record?.status === 'kept') return record;
  if (!record) sendProblem(reply, 404, 'No such recording.');
  else if (record.status === 'live') sendProblem(reply, 409, 'The call is in progress.');
  else if (record.status === 'finishing') {
    sendProblem(reply, 409, 'The call has only just ended; its recording is being finished.');
  } else sendProblem(reply, 410, 'The recording is destroyed.');
  return undefined;
}
