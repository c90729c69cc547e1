import type { AlarmKind, AlarmRecord } from '../../domain/model/alarm.ts';
import type { AlarmTable } from './tables.ts';

export function alarmRow(alarm: AlarmRecord): AlarmTable {
  return {
    id: alarm.id,
    kind: alarm.kind,
    at: alarm.at,
    cleared_at: alarm.clearedAt,
    call_id: alarm.callId,
    correlation_id: alarm.correlationId,
    ucc_name: alarm.uccName,
    detail: alarm.detail,
  };
}

export function alarmOf(row: AlarmTable): AlarmRecord {
  return {
    id: row.id,
    kind: row.kind as AlarmKind,
    at: Number(row.at),
    clearedAt: row.cleared_at === null ? null : Number(row.cleared_at),
    callId: row.call_id,
    correlationId: row.correlation_id,
    uccName: row.ucc_name,
    detail: row.detail,
  };
}
