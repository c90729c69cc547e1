import { auditedChange } from '../access/audit-change.ts';
import type { Call } from '../call/call.ts';
import type { Journal } from '../call/journal.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { RetentionStore } from '../ports/retention-store.ts';
import { type RecordingLock, RecordingRefusedError } from './recording-lock.ts';

export interface LegalHoldsPorts {
  readonly kept: RecordingLock;
  readonly keeping: Pick<RetentionStore, 'erasures'>;
  readonly journal: Journal;
  readonly clock: Clock;
}

/**
 * Protects recordings under a hold from their UCC's retention, Delete and erasures. A hold may be
 * placed while the call is still in progress.
 */
export class LegalHolds {
  readonly #ports: LegalHoldsPorts;

  constructor(ports: LegalHoldsPorts) {
    this.#ports = ports;
  }

  /** Places a hold; a new reason replaces the previous one. @throws RecordingRefusedError */
  place(
    callId: string,
    hold: { readonly reason: string; readonly owner: string },
    audit: AuditRecord,
  ): Promise<CallRecord> {
    return this.#ports.kept.run(callId, async (call) => {
      await this.#mustBeThere(call);
      const legalHold = { ...hold, placedAt: this.#ports.clock.now() };
      const record = call.heldLegally(legalHold);
      const change = auditedChange(stateOf(call.record), stateOf(record));
      const row = { ...audit, ...change };
      await this.#ports.journal.record(call, { type: 'legalHoldPlaced', record, audit: row });
      return call.record;
    });
  }

  /** @throws RecordingRefusedError where there is none */
  release(callId: string, audit: AuditRecord): Promise<CallRecord> {
    return this.#ports.kept.run(callId, async (call) => {
      mustBeSettled(call);
      if (!call.record.legalHold) throw new RecordingRefusedError('noLegalHold');
      const record = call.heldLegally(null);
      const change = auditedChange(stateOf(call.record), stateOf(record));
      const row = { ...audit, ...change };
      await this.#ports.journal.record(call, { type: 'legalHoldReleased', record, audit: row });
      return call.record;
    });
  }

  async #mustBeThere(call: Call): Promise<void> {
    mustBeSettled(call);
    const { id: callId, record } = call;
    const { status } = record;
    const isThere = status === 'live' || status === 'kept' || status === 'deleting';
    if (!isThere) throw new RecordingRefusedError('notKept');
    const begun = await this.#ports.keeping.erasures({ callId, unfinished: true });
    if (begun.length > 0) throw new RecordingRefusedError('beingErased');
  }
}

function stateOf({ legalHold }: CallRecord) {
  return { legalHold: legalHold && { reason: legalHold.reason, owner: legalHold.owner } };
}

/** Refuses a call that has only just ended: its settlement alone writes its row now. */
function mustBeSettled({ ended, record: { status, endedAt } }: Call): void {
  const isEnding = status === 'live' && (ended || endedAt !== null);
  if (isEnding || status === 'finishing') {
    throw new RecordingRefusedError('inProgress');
  }
}
