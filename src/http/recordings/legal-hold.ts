import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { LegalHolds } from '../../domain/recording/legal-holds.ts';
import { cleanReason, cleanText } from '../../domain/redaction/client-text.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { reasonSchema, strict, strictOrNothing } from '../request/strict-body.ts';
import { type RecordingAuditPorts, recordingAudit, refusedAudit } from './recording-audit.ts';
import { findRecording, type RecordingsPorts } from './recordings.ts';
import { recordingSchema } from './schemas.ts';
import { recordingView } from './views.ts';

export interface LegalHoldPorts extends RecordingAuditPorts, RecordingsPorts {
  readonly legalHolds: Pick<LegalHolds, 'place' | 'release'>;
}

const tags = ['Recordings'];
const params = Type.Object({ id: Type.String({ description: 'Or correlation id' }) });
const body = Type.Object(
  { reason: reasonSchema },
  { title: 'LegalHoldRequest', additionalProperties: false },
);
const releaseBody = Type.Object(
  { reason: Type.Optional(reasonSchema) },
  { title: 'LegalHoldRelease', additionalProperties: false },
);
const response = {
  400: problemSchema,
  ...{ 200: recordingSchema, 404: problemSchema, 409: problemSchema, 410: problemSchema },
};

interface ReleaseRoute {
  Params: { id: string };
  Body: { reason?: string } | null;
  Querystring: { reason?: string };
}

export function legalHoldRoutes(app: FastifyInstance, services: LegalHoldPorts): void {
  placeRoute(app, services);
  releaseRoute(app, services);
}

function placeRoute(app: FastifyInstance, services: LegalHoldPorts): void {
  app.put<{ Params: { id: string }; Body: { reason: string } }>(
    '/api/recordings/:id/legal-hold',
    {
      config: { access: 'holdRecordings', audit: 'change' },
      schema: {
        ...{ operationId: 'placeLegalHold', tags, params, body, response },
        summary: 'Place a legal hold: nothing destroys the recording while it lies on it',
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      const reason = cleanReason(request.body.reason);
      const hold = { reason, owner: cleanText(request.caller.principal.name) };
      const entry = recordingAudit(services, request, record, 'legalHold', reason);
      try {
        return recordingView(await services.legalHolds.place(record.id, hold, entry));
      } catch (cause) {
        return refusedAudit(services, reply, entry, cause);
      }
    },
  );
}

function releaseRoute(app: FastifyInstance, services: LegalHoldPorts): void {
  app.delete<ReleaseRoute>(
    '/api/recordings/:id/legal-hold',
    {
      config: { access: 'holdRecordings', audit: 'change', bodyIsOptional: true },
      schema: {
        ...{
          operationId: 'releaseLegalHold',
          tags,
          params,
          response,
          body: releaseBody,
          querystring: releaseBody,
        },
        summary: 'Release the legal hold, for a reason: in the body or in the query',
      },
      validatorCompiler: strictOrNothing,
    },
    async (request, reply) => {
      const reason = request.body?.reason ?? request.query.reason;
      if (reason === undefined) return sendProblem(reply, 400, 'A reason is needed.');
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      const entry = recordingAudit(services, request, record, 'legalHoldRelease', reason);
      try {
        return recordingView(await services.legalHolds.release(record.id, entry));
      } catch (cause) {
        return refusedAudit(services, reply, entry, cause);
      }
    },
  );
}
