import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { recordingSidecar } from '../../domain/recording/recording-sidecar.ts';
import { gapReason } from '../description/enums.ts';
import { problemSchema } from '../request/problems.ts';
import type { RecordingPeaks } from './opened-audio.ts';
import { type ById, keptRecording, type RecordingsPorts } from './recordings.ts';

export interface RecordingPeaksPorts extends RecordingsPorts {
  peaks(callId: string): Promise<RecordingPeaks>;
}

const MAX_POINTS = 20_000;
const DEFAULT_POINTS = 2_000;
const sides = ['left', 'right'] as const;
const samples = Type.Array(Type.Integer({ minimum: -128, maximum: 127 }));

const peaksSchema = Type.Object(
  {
    lengthMs: Type.Number(),
    pointsPerSecond: Type.Number(),
    channels: Type.Array(
      Type.Object({
        side: Type.String({ enum: [...sides] }),
        tracks: Type.Array(Type.Integer()),
        min: samples,
        max: samples,
        gaps: Type.Array(
          Type.Object(
            {
              track: Type.Integer(),
              startMs: Type.Number(),
              lengthMs: Type.Number(),
              reason: gapReason,
            },
            { title: 'PeaksGap' },
          ),
        ),
      }),
    ),
  },
  { title: 'RecordingPeaks' },
);

export function recordingPeaksRoute(app: FastifyInstance, services: RecordingPeaksPorts): void {
  app.get<{ Params: { id: string }; Querystring: { points?: number } }>(
    '/api/recordings/:id/peaks',
    {
      config: { access: 'listen', audit: 'read' },
      schema: {
        operationId: 'getRecordingPeaks',
        tags: ['Recordings'],
        params: Type.Object({ id: Type.String({ description: 'Or correlation id' }) }),
        querystring: Type.Object({
          points: Type.Optional(
            Type.Integer({
              ...{ minimum: 1, maximum: MAX_POINTS, default: DEFAULT_POINTS },
              description: 'At most so many per channel',
            }),
          ),
        }),
        summary: 'The wave form per channel, with its gaps; made once and kept sealed',
        response: {
          ...{ 200: peaksSchema, 404: problemSchema, 409: problemSchema, 410: problemSchema },
          503: problemSchema,
        },
      },
    },
    async (request, reply) => {
      const record = await keptRecording(services, request as ById, reply);
      if (!record) return reply;
      const peaks = await services.peaks(record.id);
      const { store } = services;
      const { tracks, lengthMs } = recordingSidecar(record, {
        ...{ tracks: await store.tracks(record.id), gaps: await store.gaps(record.id) },
        details: [],
      });
      const { pointsPerSecond, channels } = reduced(peaks, request.query.points ?? DEFAULT_POINTS);
      return {
        ...{ lengthMs, pointsPerSecond },
        channels: sides.map((side, index) => {
          const own = tracks.filter(({ channels: of }) => of.includes(side));
          const { min = new Int8Array(), max = new Int8Array() } = channels[index] ?? {};
          return {
            ...{ side, tracks: own.map(({ track }) => track), min: [...min], max: [...max] },
            gaps: own.flatMap(({ track, gaps }) => gaps.map((gap) => ({ track, ...gap }))),
          };
        }),
      };
    },
  );
}

/** Reduces to so many points at most, each the lowest and highest of those it stands for. */
function reduced({ pointsPerSecond, channels }: RecordingPeaks, maxPoints: number): RecordingPeaks {
  const count = channels[0]?.min.length ?? 0;
  const step = Math.max(1, Math.ceil(count / maxPoints));
  return {
    pointsPerSecond: pointsPerSecond / step,
    channels: channels.map(({ min, max }) => ({
      min: everyNth(min, step, Math.min),
      max: everyNth(max, step, Math.max),
    })),
  };
}

function everyNth(
  points: Int8Array,
  step: number,
  choose: (a: number, b: number) => number,
): Int8Array {
  const result = new Int8Array(Math.ceil(points.length / step));
  for (let index = 0; index < result.length; index += 1) {
    const some = points.subarray(index * step, (index + 1) * step);
    result[index] = some.reduce((a, b) => choose(a, b));
  }
  return result;
}
