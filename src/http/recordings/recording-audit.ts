import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import type { AuditRecord } from '../../domain/model/audit-record.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import {
  type RecordingRefusal,
  RecordingRefusedError,
} from '../../domain/recording/recording-lock.ts';
import { sendProblem } from '../request/problems.ts';

export interface RecordingAuditPorts {
  readonly auditLog: AuditLog;
}

const statuses: Record<RecordingRefusal, number> = {
  unknown: 404,
  inProgress: 409,
  notKept: 410,
  onLegalHold: 409,
  noLegalHold: 404,
  beingErased: 409,
  outside: 400,
};

/** Returns the audit row of a change to a recording, for the commit of its effect. */
export function recordingAudit(
  { auditLog }: Pick<RecordingAuditPorts, 'auditLog'>,
  { caller }: Pick<FastifyRequest, 'caller'>,
  ...[record, action, reason]: [CallRecord, action: string, reason?: string]
): AuditRecord {
  const { id: callId, uccName, correlationId } = record;
  return auditLog.entry(caller, {
    ...{ action, uccName, correlationId, callId, outcome: 'ok', reason },
  });
}

/** Answers why nothing was done, and leaves a row of it; throws what is no refusal. */
export async function refusedAudit(
  { auditLog }: Pick<RecordingAuditPorts, 'auditLog'>,
  reply: FastifyReply,
  ...[entry, cause]: [AuditRecord, unknown]
): Promise<FastifyReply> {
  if (!(cause instanceof RecordingRefusedError)) throw cause;
  const { refusal, message } = cause;
  const attempt = { ...entry, outcome: 'refused', reason: refusal } as const;
  await auditLog.refused(reply.request.caller, attempt);
  return sendProblem(reply, statuses[refusal], message);
}
