import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { recordingSidecar } from '../../domain/recording/recording-sidecar.ts';
import { audioFormat, gapReason } from '../description/enums.ts';
import { media } from '../description/media.ts';
import { problemSchema } from '../request/problems.ts';
import {
  type AudioFormat,
  openedExport,
  type RecordingAudioPorts,
  recordExport,
} from './recording-audio.ts';
import { type ById, keptRecording, partsOf, type RecordingsPorts } from './recordings.ts';
import { partySchema } from './schemas.ts';
import { vconFile } from './vcon.ts';

export interface RecordingExportPorts extends RecordingAudioPorts, RecordingsPorts {}

const tags = ['Recordings'];
const params = Type.Object({ id: Type.String({ description: 'Or correlation id' }) });
const refusals = {
  ...{ 404: problemSchema, 409: problemSchema, 410: problemSchema, 503: problemSchema },
};
const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });

const sidecarSchema = Type.Object(
  {
    recordingId: Type.String(),
    correlationId: Type.String(),
    uccName: Type.String(),
    beganAt: Type.String({ format: 'date-time' }),
    endedAt: nullableText,
    lengthMs: Type.Number(),
    parties: Type.Array(partySchema),
    tracks: Type.Array(
      Type.Object({
        track: Type.Integer(),
        label: Type.String(),
        aor: nullableText,
        role: Type.String(),
        codec: Type.String(),
        channels: Type.Array(Type.String({ enum: ['left', 'right'] })),
        gaps: Type.Array(
          Type.Object(
            {
              startMs: Type.Number(),
              lengthMs: Type.Number(),
              reason: gapReason,
            },
            { title: 'SidecarGap' },
          ),
        ),
      }),
    ),
    marks: Type.Array(
      Type.Object({
        atMs: Type.Number({ description: 'From the beginning of the recording' }),
        action: Type.String({ enum: ['Mark', 'UnMark'] }),
        requester: Type.String(),
        markedAt: Type.String({ format: 'date-time' }),
      }),
    ),
  },
  { title: 'Sidecar' },
);

const vconAnswers = {
  200: media('A vCon', 'application/vcon+json', { type: 'object', additionalProperties: true }),
  ...refusals,
};

export function recordingExportRoutes(app: FastifyInstance, services: RecordingExportPorts): void {
  sidecarRoute(app, services);
  vconRoute(app, services);
}

function sidecarRoute(app: FastifyInstance, services: RecordingExportPorts): void {
  app.get<{ Params: { id: string } }>(
    '/api/recordings/:id/sidecar',
    {
      config: { access: 'listen', audit: 'export' },
      schema: {
        operationId: 'getRecordingSidecar',
        ...{ tags, params, response: { 200: sidecarSchema, ...refusals } },
        summary: 'What goes with an exported file: parties, channels, gap map, marks',
      },
    },
    async (request, reply) => {
      const record = await keptRecording(services, request as ById, reply);
      if (!record) return reply;
      // It goes with a file: there is none of a recording that is not there.
      await (await services.play(record.id)).close();
      const sidecar = recordingSidecar(record, await partsOf(services, record));
      if (request.method !== 'HEAD') {
        await recordExport(record, 'sidecar', { request, services });
      }
      return sidecar;
    },
  );
}

function vconRoute(app: FastifyInstance, services: RecordingExportPorts): void {
  app.get<{ Params: { id: string }; Querystring: { audio?: AudioFormat } }>(
    '/api/recordings/:id/vcon',
    {
      config: { access: 'listen', audit: 'export', answersWith: ['Content-Disposition'] },
      schema: {
        operationId: 'getRecordingVcon',
        ...{ tags, params, response: vconAnswers },
        querystring: Type.Object({
          audio: Type.Optional(audioFormat('opus')),
        }),
        summary: 'The recording as a vCon (draft-ietf-vcon-vcon-core-04), its audio inline',
        description: 'Made while it is sent; 503 with Retry-After while too many are being made.',
      },
    },
    async (request, reply) => {
      const record = await keptRecording(services, request as ById, reply);
      if (!record) return reply;
      const format = request.query.audio ?? 'opus';
      const sidecar = recordingSidecar(record, await partsOf(services, record));
      const isHead = request.method === 'HEAD';
      const asked = { request, reply, record, services };
      const audio = await openedExport(asked, isHead ? 'wav' : format);
      if (!audio) return reply;
      if (!isHead) {
        await recordExport(record, 'vcon', { request, services }).catch(async (cause) => {
          await audio.close();
          throw cause;
        });
      }
      reply.header('Cache-Control', 'no-store').type('application/vcon+json');
      reply.header('Content-Disposition', `inline; filename="${record.id}.vcon.json"`);
      if (isHead) return reply.send(Readable.from([]));
      return reply.send(Readable.from(vconFile(sidecar, format, audio.bytes())));
    },
  );
}
