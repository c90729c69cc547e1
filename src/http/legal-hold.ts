import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { problemSchema, sendProblem } from './problems.ts';
import { recordingAudit, refusedAudit } from './recording-audit.ts';
import { findRecording } from './recordings.ts';
import type { HttpServices } from './services.ts';
import { strict } from './strict-body.ts';
import { recordingSchema, recordingView } from './views.ts';

const tags = ['Recordings'];
const params = Type.Object({ id: Type.String({ description: 'Or correlation id' }) });
const body = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 256 }) },
  { additionalProperties: false },
);
const response = {
  ...{ 200: recordingSchema, 404: problemSchema, 409: problemSchema, 410: problemSchema },
};

export function legalHoldRoutes(app: FastifyInstance, services: HttpServices): void {
  app.put<{ Params: { id: string }; Body: { reason: string } }>(
    '/api/recordings/:id/legal-hold',
    {
      config: { access: 'holdRecordings' },
      schema: {
        ...{ tags, params, body, response },
        summary: 'Place a legal hold: nothing destroys the recording while it lies on it',
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      const hold = { reason: request.body.reason, owner: request.caller.principal.name };
      const entry = recordingAudit(services, request, record, 'legalHold');
      try {
        return recordingView(await services.legalHolds.place(record.id, hold, entry));
      } catch (cause) {
        return refusedAudit(services, reply, entry, cause);
      }
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/api/recordings/:id/legal-hold',
    {
      config: { access: 'holdRecordings' },
      schema: { ...{ tags, params, response }, summary: 'Release the legal hold' },
    },
    async (request, reply) => {
      const record = await findRecording(services, request);
      if (!record) return sendProblem(reply, 404, 'No such recording.');
      const entry = recordingAudit(services, request, record, 'legalHoldRelease');
      try {
        return recordingView(await services.legalHolds.release(record.id, entry));
      } catch (cause) {
        return refusedAudit(services, reply, entry, cause);
      }
    },
  );
}
