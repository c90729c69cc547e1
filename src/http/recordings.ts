import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Caller, Principal } from '../domain/access.ts';
import { parseGuid } from '../domain/correlation-id.ts';
import { type ExportFormat, exportFormats, type RecordingFilter } from '../domain/ports.ts';
import type { CallRecord } from '../domain/records.ts';
import { uccKey } from '../domain/ucc.ts';
import { problemSchema, sendProblem } from './problems.ts';
import { sendAudio, sendExport } from './recording-audio.ts';
import { isGiven, scopeOf } from './scope.ts';
import type { HttpServices } from './services.ts';
import {
  recordingDetailSchema,
  recordingDetailView,
  recordingSchema,
  recordingView,
} from './views.ts';

const tags = ['Recordings'];
const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;

interface RecordingQuery {
  ucc?: string;
  correlationId?: string;
  from?: string;
  to?: string;
  cursor?: string;
  limit?: number;
}

const querySchema = Type.Object({
  ucc: Type.Optional(Type.String()),
  correlationId: Type.Optional(Type.String()),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive' })),
  cursor: Type.Optional(Type.String({ description: 'nextCursor of the page before' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
});

type AudioFormat = 'wav' | ExportFormat;

const audioQuerySchema = Type.Object({
  format: Type.Optional(
    Type.Unsafe<AudioFormat>({ type: 'string', enum: ['wav', ...exportFormats], default: 'wav' }),
  ),
});
const audioDescription =
  'WAV is PCM of 16 bits at the highest sample rate that was recorded, with HTTP ranges. ' +
  'Opus (Ogg, 48 kHz) and FLAC (the samples of the WAV) are made while they are sent: ' +
  'without ranges, and 503 with Retry-After while too many are being made.';

interface ById {
  readonly params: { readonly id: string };
  readonly caller: Caller;
}

const params = Type.Object({ id: Type.String() });

export function recordingRoutes(app: FastifyInstance, services: HttpServices): void {
  app.get<{ Querystring: RecordingQuery }>(
    '/api/recordings',
    {
      config: { access: 'readRecordings' },
      schema: {
        tags,
        summary: 'Recordings, newest first',
        querystring: querySchema,
        response: {
          200: Type.Object({
            items: Type.Array(recordingSchema),
            nextCursor: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
          }),
          400: problemSchema,
        },
      },
    },
    async (request, reply) => {
      const filter = filterOf(request.query);
      if (!filter) return sendProblem(reply, 400, 'The cursor is not one of ours.');
      const records = await services.store.recordings({
        ...{ ...filter, limit: filter.limit + 1 },
        ...scopeFilter(services, request.caller.principal),
      });
      const page = records.slice(0, filter.limit);
      const last = records.length > page.length ? page.at(-1) : undefined;
      return { items: page.map(recordingView), nextCursor: last ? cursorOf(last) : null };
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/recordings/:id',
    {
      config: { access: 'readRecordings' },
      schema: {
        ...{ tags, params },
        summary: 'A recording: tracks, gap map, receipts',
        response: { 200: recordingDetailSchema, 404: problemSchema },
      },
    },
    async (request, reply) => {
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      const { store } = services;
      return recordingDetailView(record, {
        tracks: await store.tracks(record.id),
        gaps: await store.gaps(record.id),
        details: await store.details(record),
      });
    },
  );

  app.get<{ Params: { id: string }; Querystring: { format?: AudioFormat } }>(
    '/api/recordings/:id/audio',
    {
      config: { access: 'listen' },
      schema: {
        ...{ tags, params, querystring: audioQuerySchema },
        produces: ['audio/wav', 'audio/ogg', 'audio/flac'],
        summary: 'Stereo audio: one party per channel, the agent left, gaps as silence',
        description: audioDescription,
      },
    },
    async (request, reply) => {
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      if (record.status === 'live') return sendProblem(reply, 409, 'The call is in progress.');
      if (record.status !== 'kept') return sendProblem(reply, 410, 'The recording is destroyed.');
      const { format = 'wav' } = request.query;
      const asked = { request, reply, record, services };
      return format === 'wav' ? sendAudio(asked) : sendExport(asked, format);
    },
  );
}

/** By the recording's id, or by correlation id: the newest recording of it. */
async function findRecording(
  services: HttpServices,
  { params: { id: text }, caller: { principal } }: ById,
): Promise<CallRecord | undefined> {
  const id = parseGuid(text);
  if (id === undefined) return undefined;
  const record = await services.store.call(id);
  if (record?.recorded) {
    return isGiven(services, principal, record.uccName) ? record : undefined;
  }
  const scope = scopeFilter(services, principal);
  const [newest] = await services.store.recordings({ correlationId: id, limit: 1, ...scope });
  return newest;
}

function scopeFilter(services: HttpServices, principal: Principal): { uccs?: string[] } {
  const uccs = scopeOf(services, principal);
  return uccs ? { uccs } : {};
}

function filterOf(query: RecordingQuery): RecordingFilter | undefined {
  const before = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  if (query.cursor !== undefined && !before) return undefined;
  const correlationId = query.correlationId;
  return {
    limit: query.limit ?? DEFAULT_PAGE,
    ...(query.ucc === undefined ? {} : { ucc: uccKey(query.ucc) }),
    ...(correlationId === undefined
      ? {}
      : { correlationId: parseGuid(correlationId) ?? correlationId }),
    ...(query.from === undefined ? {} : { from: Date.parse(query.from) }),
    ...(query.to === undefined ? {} : { to: Date.parse(query.to) }),
    ...(before ? { before } : {}),
  };
}

function cursorOf({ beganAt, id }: CallRecord): string {
  return Buffer.from(`${beganAt}.${id}`).toString('base64url');
}

function parseCursor(cursor: string): { beganAt: number; id: string } | undefined {
  const match = /^(\d{1,16})\.([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString());
  return match ? { beganAt: Number(match[1]), id: match[2] as string } : undefined;
}
