import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import {
  MAX_PASSWORD_BYTES,
  MIN_PASSWORD_CHARACTERS,
  PersonSettingsError,
} from '../../domain/access/account-service.ts';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import type { FirstAdmin } from '../../domain/access/first-admin.ts';
import { personNamePattern } from '../../domain/model/account.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { strict } from '../request/strict-body.ts';

export interface FirstAdminPorts {
  /** Present in mode `embedded`. */
  readonly firstAdmin: FirstAdmin | undefined;
  readonly auditLog: AuditLog;
}

const firstAdminBody = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: 64, description: 'As the log has it' }),
    name: Type.String({ pattern: personNamePattern }),
    password: Type.String({ minLength: MIN_PASSWORD_CHARACTERS, maxLength: MAX_PASSWORD_BYTES }),
  },
  { title: 'FirstAdmin', additionalProperties: false },
);
const over = 'There is somebody already, or the code was tried too often: see hush user add.';

/** Lets the first person in, by the code in the log of a Hush without users. */
export function firstAdminRoute(app: FastifyInstance, services: FirstAdminPorts): void {
  const { firstAdmin, auditLog } = services;
  app.post<{ Body: Static<typeof firstAdminBody> }>(
    '/api/sign-in/first-admin',
    {
      config: { access: 'open', audit: 'change' },
      schema: {
        operationId: 'makeFirstAdmin',
        ...{ tags: ['Sign-in'], body: firstAdminBody },
        summary: 'Make the first admin, by the code that the log has while there are no users',
        response: {
          ...{ 204: Type.Null(), 400: problemSchema, 403: problemSchema },
          ...{ 404: problemSchema, 410: problemSchema },
        },
      },
      validatorCompiler: strict,
    },
    async ({ body, caller }, reply) => {
      if (!firstAdmin) return sendProblem(reply, 404, 'People sign in elsewhere.');
      const made = await orProblem(reply, () =>
        firstAdmin.take(body, (action, change) =>
          auditLog.entry(caller, { action: `${action} (first admin)`, outcome: 'ok', change }),
        ),
      );
      if (typeof made !== 'string') return made;
      if (made === 'made') return reply.code(204).send();
      await auditLog.denied(caller, { action: 'first admin', reason: made });
      if (made === 'over') return sendProblem(reply, 410, over);
      return sendProblem(reply, 403, 'That is not the code.');
    },
  );
}

async function orProblem<Answer>(
  reply: FastifyReply,
  work: () => Promise<Answer>,
): Promise<Answer | FastifyReply> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof PersonSettingsError)) throw cause;
    return sendProblem(reply, 400, `${cause.message}.`);
  }
}
