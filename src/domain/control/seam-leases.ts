import type { Call } from '../call/call.ts';
import { isOver } from '../call/dialogue.ts';
import type { Journal } from '../call/journal.ts';
import type { CallSettlement } from '../lifecycle/call-settlement.ts';
import type { CallRecord } from '../model/call-record.ts';
import { type Lease, withLease, withoutLease } from '../model/lease.ts';
import type { Caller } from '../model/principal.ts';
import type { RecordingLock } from '../recording/recording-lock.ts';
import {
  type LeaseAnswer,
  type ReleaseRequest,
  type RenewRequest,
  refused,
  renewed,
} from './lease-entries.ts';
import type { LeaseRefusalCode } from './lease-refusals.ts';
import { leaseAuditAction, leaseReached, requesterRefusal, uccsSeen } from './lease-rules.ts';
import type { Leases, LeasesPorts } from './leases.ts';

export interface SeamLeasesPorts extends LeasesPorts {
  readonly leases: Leases;
  readonly journal: Journal;
  readonly settlement: Pick<CallSettlement, 'lastPart'>;
  readonly kept: Pick<RecordingLock, 'ended'>;
  readonly limits: { readonly inheritMs: number };
}

/** A renewal or release while there is no recording session. */
interface SeamChange {
  readonly request: ReleaseRequest;
  readonly action: 'LeaseRenewed' | 'LeaseReleased';
  changed(leases: readonly Lease[], known: Lease): readonly Lease[];
  /** Applies the same change to a call in progress. */
  goOn(call: Call): Promise<LeaseAnswer>;
}

/**
 * Leases of a dialogue without a recording session at the moment: renewals and releases apply to
 * the state that its next part inherits.
 */
export class SeamLeases {
  readonly #ports: SeamLeasesPorts;

  constructor(ports: SeamLeasesPorts) {
    this.#ports = ports;
  }

  /** @param ended any part of the dialogue */
  renew(ended: CallRecord, caller: Caller, request: RenewRequest): Promise<LeaseAnswer> {
    return this.#between(ended, caller, {
      request,
      action: 'LeaseRenewed',
      changed: (leases, known) => withLease(leases, renewed(known, request.ttlMs, this.#ports)),
      goOn: (call) => this.#ports.leases.renew(call, caller, request),
    });
  }

  release(ended: CallRecord, caller: Caller, request: ReleaseRequest): Promise<LeaseAnswer> {
    return this.#between(ended, caller, {
      request,
      action: 'LeaseReleased',
      changed: withoutLease,
      goOn: (call) => this.#ports.leases.release(call, caller, request),
    });
  }

  /** Changes a session that begins meanwhile as well: it may have read the old state. */
  async #between(ended: CallRecord, caller: Caller, change: SeamChange): Promise<LeaseAnswer> {
    const { calls, kept } = this.#ports;
    const last = await this.#goesOn(ended, caller);
    if (!last) return refused('callUnknown');
    const answer = await kept.ended(last.id, (call) => this.#inSeam(call, caller, change));
    const live = calls.byCorrelationId(ended.correlationId);
    if (!live) return answer;
    const again = await change.goOn(live);
    return again.ok || !answer.ok ? again : answer;
  }

  /** Returns the newest part of a dialogue that the caller sees and that is not over. */
  async #goesOn(ended: CallRecord, caller: Caller): Promise<CallRecord | undefined> {
    const { settlement, moments, limits, uccs } = this.#ports;
    const last = await settlement.lastPart(ended.correlationId);
    if (last?.dialogue.firstPart !== ended.dialogue.firstPart) return undefined;
    if (uccsSeen(uccs, last, caller.principal).length === 0) return undefined;
    return isOver(last, moments.moment(), limits) ? undefined : last;
  }

  async #inSeam(call: Call, caller: Caller, change: SeamChange): Promise<LeaseAnswer> {
    const reached = this.#reached(call, caller, change);
    if (typeof reached === 'string') return this.#refused(call, caller, change, reached);
    const { pauseGate, journal, clock, auditLog } = this.#ports;
    const { action, request } = change;
    const { owner } = request;
    const { lease: known, hold } = reached;
    const entry = {
      ...namesOf(call),
      action: leaseAuditAction(action, owner, hold),
      outcome: 'ok',
      requester: request.requester ?? null,
    } as const;
    const effectiveAt = clock.now();
    try {
      const event = await journal.record(call, {
        type: action === 'LeaseReleased' ? 'pauseReleased' : 'callUpdated',
        owner,
        record: call.controlled({ leases: change.changed(call.record.leases, known) }),
        audit: auditLog.entry(caller, entry),
      });
      return { ok: true, call, lease: known, effect: { event, effectiveAt } };
    } catch (cause) {
      pauseGate.alarm(call, cause);
      return refused('processingFailed');
    }
  }

  /** Applies the rules of a call in progress, as far as they concern the caller. */
  #reached(
    call: Call,
    caller: Caller,
    { request }: SeamChange,
  ): Exclude<ReturnType<typeof leaseReached>, string> | LeaseRefusalCode {
    const { uccs, requesterMustMatchToken: mustMatch } = this.#ports;
    const own = uccsSeen(uccs, call.record, caller.principal);
    const ofRequester = requesterRefusal(caller, request.requester, { uccs: own, mustMatch });
    if (ofRequester) return ofRequester;
    const { leases, version } = call.record;
    const reached = leaseReached(leases, request.owner, caller);
    const { ifVersion } = request;
    const isOther = ifVersion !== undefined && ifVersion !== version;
    return isOther && reached !== 'noSuchLease' ? 'versionMismatch' : reached;
  }

  async #refused(
    call: Call,
    caller: Caller,
    { action, request }: SeamChange,
    code: LeaseRefusalCode,
  ): Promise<LeaseAnswer> {
    const { auditLog, pauseGate } = this.#ports;
    const entry = leaseAuditAction(action, request.owner, 'own');
    const requester = request.requester ?? null;
    const what = {
      ...namesOf(call),
      action: entry,
      outcome: 'refused',
      reason: code,
      requester,
    } as const;
    await auditLog.refused(caller, what).catch((cause: unknown) => pauseGate.alarm(call, cause));
    return refused(code);
  }
}

function namesOf({ uccName, correlationId, id: callId }: Call) {
  return { uccName, correlationId, callId };
}
