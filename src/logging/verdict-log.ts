import type { CallHealth } from '../domain/model/call-health.ts';
import type { CallRecord } from '../domain/model/call-record.ts';
import type { Log } from '../domain/ports/log.ts';

/** Logs the verdict on the recording of a call that has ended. */
export function logVerdict(
  log: Log,
  { id: callId, correlationId, uccName }: CallRecord,
  { verdict, reasons, keptMs, absentMs, lostMs, pauses }: CallHealth,
): void {
  const worth = { verdict, reasons, keptMs, absentMs, lostMs, pauses };
  log.info({ callId, correlationId, uccName, ...worth }, 'recording judged');
}
