import { parseGuid } from '../domain/identifiers/correlation-id.ts';
import type { AuditRecord } from '../domain/model/audit-record.ts';
import { requesterKind } from './requester-kind.ts';
import type { Subsystem, SubsystemLogs } from './subsystem-logs.ts';

/**
 * Logs a row of the audit log that was refused, denied or failed; floods are folded there. Claimed
 * names are left to the audit log: people type passwords into the field for the name.
 */
export function logRefused(logs: SubsystemLogs, record: AuditRecord): void {
  const { action, outcome, reason, surface, address, uccName, callId, count } = record;
  const correlationId = record.correlationId && parseGuid(record.correlationId);
  const fields = {
    action,
    outcome,
    reason,
    surface,
    address,
    ...(record.requester === null ? {} : { requester: requesterKind(record.requester) }),
    ...(uccName === null ? {} : { uccName }),
    ...(correlationId ? { correlationId } : {}),
    ...(callId === null ? {} : { callId }),
    ...(count > 1 ? { count } : {}),
    auditId: record.id,
  };
  logs[subsystemOf(record)].info(fields, messageOf(record));
}

function subsystemOf({ action, outcome, callId, correlationId }: AuditRecord): Subsystem {
  if (action === 'token' || outcome === 'denied') return 'auth';
  return callId === null && correlationId === null ? 'http' : 'call';
}

function messageOf({ action, outcome }: AuditRecord): string {
  return action === 'token' ? 'sign-in refused' : `${action} ${outcome}`;
}
