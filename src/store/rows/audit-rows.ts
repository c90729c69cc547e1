import type { AuditOutcome, AuditRecord } from '../../domain/model/audit-record.ts';
import type { ApiSurface } from '../../domain/model/principal.ts';
import type { AuditTable } from './tables.ts';

export function auditRow({ uccName, correlationId, callId, ...record }: AuditRecord): AuditTable {
  return {
    id: record.id,
    at: record.at,
    who: record.who,
    client: record.client,
    address: record.address,
    door: record.surface,
    requester: record.requester,
    action: record.action,
    ucc_name: uccName,
    correlation_id: correlationId,
    call_id: callId,
    outcome: record.outcome,
    reason: record.reason,
    count: record.count,
    before: record.before,
    after: record.after,
  };
}

export function auditOf(row: AuditTable): AuditRecord {
  return {
    id: row.id,
    at: Number(row.at),
    who: row.who,
    client: row.client,
    address: row.address,
    surface: row.door as ApiSurface,
    requester: row.requester,
    action: row.action,
    uccName: row.ucc_name,
    correlationId: row.correlation_id,
    callId: row.call_id,
    outcome: row.outcome as AuditOutcome,
    reason: row.reason,
    count: row.count,
    before: row.before,
    after: row.after,
  };
}
