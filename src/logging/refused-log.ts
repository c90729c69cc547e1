import { FloodFold } from '../domain/common/flood-fold.ts';
import { addressKey } from '../domain/common/networks.ts';
import { parseGuid } from '../domain/identifiers/correlation-id.ts';
import type { AuditRecord } from '../domain/model/audit-record.ts';
import type { LogFields } from '../domain/ports/log.ts';
import { requesterKind } from './requester-kind.ts';
import type { Subsystem, SubsystemLogs } from './subsystem-logs.ts';

/** Limits of the log; the audit log folds by itself. */
const limits = { listedPerSource: 20, listedInAll: 200, windowMs: 60_000 };

/**
 * Logs rows of the audit log that were refused, denied or failed, and folds floods of them. Claimed
 * names are left to the audit log: people type passwords into the field for the name.
 */
export class RefusedRequestLog {
  readonly #logs: SubsystemLogs;
  readonly #fold: FloodFold;

  constructor(logs: SubsystemLogs) {
    this.#logs = logs;
    this.#fold = new FloodFold({
      ...limits,
      onFolded: (counts) =>
        logs.auth.info({ refusals: Object.fromEntries(counts) }, 'further requests refused'),
    });
  }

  refused(record: AuditRecord): void {
    if (!this.#fold.lists(addressKey(record.address), messageOf(record))) return;
    this.#logs[subsystemOf(record)].info(fieldsOf(record), messageOf(record));
  }

  /** Reports what has been counted. May be called twice. */
  close(): void {
    this.#fold.endWindow();
  }
}

function fieldsOf(record: AuditRecord): LogFields {
  const { action, outcome, reason, surface, address, uccName, callId, count } = record;
  const correlationId = record.correlationId && parseGuid(record.correlationId);
  return {
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
}

function subsystemOf({ action, outcome, callId, correlationId }: AuditRecord): Subsystem {
  if (action === 'token' || outcome === 'denied') return 'auth';
  return callId === null && correlationId === null ? 'http' : 'call';
}

function messageOf({ action, outcome }: AuditRecord): string {
  return action === 'token' ? 'sign-in refused' : `${action} ${outcome}`;
}
