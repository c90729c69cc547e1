import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditRecord } from '../domain/audit-log.ts';
import { type RecordingRefusal, RecordingRefusedError } from '../domain/kept-recordings.ts';
import type { CallRecord } from '../domain/records.ts';
import { sendProblem } from './problems.ts';
import type { HttpServices } from './services.ts';

const statuses: Record<RecordingRefusal, number> = {
  unknown: 404,
  inProgress: 409,
  notKept: 410,
  onLegalHold: 409,
  noLegalHold: 404,
  beingErased: 409,
  outside: 400,
};

/** What somebody does to a recording: the row of the audit log, for the commit of its effect. */
export function recordingAudit(
  { auditLog }: Pick<HttpServices, 'auditLog'>,
  { caller }: Pick<FastifyRequest, 'caller'>,
  ...[{ id: callId, uccName, correlationId }, action]: [CallRecord, string]
): AuditRecord {
  return auditLog.entry(caller, { action, uccName, correlationId, callId, outcome: 'ok' });
}

/** Answers why nothing was done, and leaves a row of it; throws what is no refusal. */
export async function refusedAudit(
  { auditLog }: Pick<HttpServices, 'auditLog'>,
  reply: FastifyReply,
  ...[entry, cause]: [AuditRecord, unknown]
): Promise<FastifyReply> {
  if (!(cause instanceof RecordingRefusedError)) throw cause;
  const { refusal, message } = cause;
  await auditLog.record({ ...entry, outcome: 'refused', reason: refusal });
  return sendProblem(reply, statuses[refusal], message);
}
