import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Assessor } from '../../domain/assurance/assessor.ts';
import { assuranceReasons, type CallHealth } from '../../domain/model/call-health.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import { callStatus, verdictNow } from '../description/enums.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { type CallsPorts, recordFor } from './calls.ts';

export interface CallHealthPorts extends CallsPorts {
  readonly assessor: Pick<Assessor, 'healthOf'>;
}

const nullableNumber = Type.Unsafe<number | null>({ type: ['number', 'null'] });

const healthSchema = Type.Object(
  {
    id: Type.String(),
    correlationId: Type.String(),
    uccName: Type.String(),
    status: callStatus,
    verdict: verdictNow,
    reasons: Type.Array(
      Type.Object({
        code: Type.String({ title: 'AssuranceReason', enum: Object.keys(assuranceReasons) }),
        words: Type.String(),
      }),
    ),
    pauses: Type.Integer(),
    tracks: Type.Array(
      Type.Object(
        {
          track: Type.Integer(),
          aor: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
          expectedMs: Type.Number({ description: 'From its first packet to its last' }),
          keptMs: Type.Number(),
          absentMs: Type.Number({
            description: 'On purpose: paused, held, stopped, digits, silence',
          }),
          lostMs: Type.Number(),
          packetsReceived: Type.Integer(),
          packetsLost: Type.Integer(),
          packetsOverflowed: Type.Optional(
            Type.Integer({ description: 'Of the lost: not read in time' }),
          ),
          lossShare: Type.Number({ description: 'Of the packets that were sent, 0 to 1' }),
          jitterMs: nullableNumber,
          clockWrongMs: Type.Number({ description: 'Beside its time by more than 20 ms' }),
        },
        { title: 'TrackHealth' },
      ),
    ),
  },
  { title: 'CallHealth' },
);

export function callHealthRoute(app: FastifyInstance, services: CallHealthPorts): void {
  app.get<{ Params: { id: string } }>(
    '/api/calls/:id/health',
    {
      config: { access: 'readCalls', audit: 'read' },
      schema: {
        operationId: 'getCallHealth',
        tags: ['Assurance'],
        summary: 'Whether a call, in progress or ended, is recorded as it should be, and why not',
        params: Type.Object({ id: Type.String({ description: 'Or correlation id' }) }),
        response: { 200: healthSchema, 404: problemSchema },
      },
    },
    async (request, reply) => {
      const record = await recordFor(services, request);
      if (!record) return sendProblem(reply, 404, 'No such call.');
      return healthView(record, await services.assessor.healthOf(record));
    },
  );
}

function healthView(
  { id, correlationId, uccName, status }: CallRecord,
  { verdict, reasons, pauses, tracks }: CallHealth,
) {
  const inWords = reasons.map((code) => ({ code, words: assuranceReasons[code].words }));
  // A call that an older release judged has no such figure.
  const figures = tracks.map((track) => ({ ...track, clockWrongMs: track.clockWrongMs ?? 0 }));
  return { id, correlationId, uccName, status, verdict, reasons: inWords, pauses, tracks: figures };
}
