import { parseGuid } from '../domain/identifiers/correlation-id.ts';
import type { AuditRecord } from '../domain/model/audit-record.ts';
import { requesterKind } from './requester-kind.ts';
import type { Subsystem, SubsystemLogs } from './subsystem-logs.ts';

/**
 * Writes what a row of the audit log says was refused, denied or failed; floods are folded there.
 * Names that somebody claimed are left to the audit log: a password may stand in their place.
 */
export function logRefused(logs: SubsystemLogs, record: AuditRecord): void {
  const { action, outcome, reason, surface, address, uccName, callId, count } = record;
  const correlationId = record.correlationId && parseGuid(record.correlationId);
  const fields = {
    ...{ action, outcome, reason, surface, address },
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
