import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { auditedChange } from '../../domain/access/audit-change.ts';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import { isoTime } from '../../domain/event/event-view.ts';
import type { Retention } from '../../domain/retention/retention.ts';
import type { RetentionHold } from '../../domain/retention/retention-hold.ts';
import { auditOfChange, none } from '../request/audit.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { strict } from '../request/strict-body.ts';

export interface RetentionPorts {
  readonly auditLog: AuditLog;
  readonly retention: Pick<Retention, 'hold' | 'confirm'>;
}

const tags = ['Archive'];

const heldSchema = Type.Object(
  {
    reason: Type.String({
      ...{ enum: ['clock', 'number'] },
      description: 'The wall clock is not believed; more are due than archive.maxDestroyedPerPass',
    }),
    detail: Type.String(),
    recordings: Type.Integer({ description: 'That would be destroyed' }),
    uccs: Type.Array(
      Type.Object({
        uccName: Type.String(),
        recordings: Type.Integer(),
        beganBefore: Type.String({ format: 'date-time' }),
      }),
    ),
  },
  { title: 'HeldRetention' },
);

const viewSchema = Type.Object(
  { held: Type.Union([heldSchema, Type.Null()]) },
  { title: 'Retention' },
);

const confirmation = Type.Object(
  { recordings: Type.Integer({ minimum: 0, description: 'How many were seen to be held' }) },
  { title: 'RetentionConfirmation', additionalProperties: false },
);

export function retentionRoutes(app: FastifyInstance, services: RetentionPorts): void {
  const { retention, auditLog } = services;
  app.get(
    '/api/archive/retention',
    {
      config: { access: 'readArchive', audit: none('counts recordings') },
      schema: {
        operationId: 'getRetention',
        ...{ tags, response: { 200: viewSchema } },
        summary: 'What retention would destroy, and leaves until somebody confirms it',
      },
    },
    () => ({ held: retention.hold ? view(retention.hold) : null }),
  );

  app.post<{ Body: Static<typeof confirmation> }>(
    '/api/archive/retention/confirmation',
    {
      config: { access: 'changeArchive', audit: 'change' },
      schema: {
        operationId: 'confirmRetention',
        ...{ tags, body: confirmation, response: { 202: viewSchema, 409: problemSchema } },
        summary: 'Let retention destroy what it holds; the wall clock is believed from then on',
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      const { recordings } = request.body;
      const { reason } = retention.hold ?? {};
      const change = auditedChange({}, { recordings, held: reason });
      const audit = auditOfChange(auditLog, request, { action: 'retention confirm' })(change);
      if (await retention.confirm(recordings, audit)) return reply.code(202).send({ held: null });
      const held = retention.hold?.recordings;
      const title =
        held === undefined
          ? 'Nothing is held.'
          : `${held} recordings are held by now: look again, then confirm that many.`;
      return sendProblem(reply, 409, title);
    },
  );
}

function view({ reason, detail, recordings, uccs }: RetentionHold) {
  return {
    ...{ reason, detail, recordings },
    uccs: uccs.map((due) => ({ ...due, beganBefore: isoTime(due.beganBefore) })),
  };
}
