import type { AuditLog } from '../access/audit-log.ts';
import { type Call, type ControlChanges, shutReason } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import type { Entry } from '../call/journal.ts';
import type { Moments } from '../common/moment.ts';
import { type Lease, leaseKey, withLease, withoutLease } from '../model/lease.ts';
import type { Caller } from '../model/principal.ts';
import { RecordingState, StateAction } from '../model/recording-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { FenceReceipt, Recorder } from '../ports/recorder.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { UccRules } from '../ucc/ucc-rules.ts';
import {
  detailOf,
  entryFor,
  isSame,
  type LeaseAnswer,
  type LeaseRequest,
  type ReleaseRequest,
  type RenewRequest,
  refused,
  renewed,
} from './lease-entries.ts';
import {
  type Hold,
  leaseAuditAction,
  leaseReached,
  mayTakeOne,
  ownLease,
  requesterRefusal,
  uccsSeen,
} from './lease-rules.ts';
import type { EarlyFence, Effect, PauseGate } from './pause-gate.ts';
import type { PauseWatch } from './pause-watch.ts';

export interface LeasesPorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Pick<Recorder, 'available' | 'commandCameAtMs'>;
  readonly pauseGate: PauseGate;
  readonly clock: Clock;
  readonly auditLog: Pick<AuditLog, 'entry' | 'refused'>;
  readonly watch: PauseWatch;
  readonly moments: Moments;
  /** `auth.requesterMustMatchToken` */
  readonly requesterMustMatchToken: boolean;
}

type Asked = Pick<LeaseRequest, 'owner' | 'ifVersion' | 'requester'>;

interface LeaseTurn {
  readonly call: Call;
  readonly rules: UccRules;
  readonly caller: Caller;
  readonly arrival: Arrival;
  readonly requester: string | undefined;
}

/** Arrival of a request. */
interface Arrival {
  /** Monotonic ms, on the recorder's clock. */
  readonly cameAtMs: number;
  readonly early: EarlyFence | undefined;
}

type Turn = (turn: LeaseTurn) => Promise<LeaseAnswer>;

/** Limits the remembered keys of one holder's finished leases per call. */
const MAX_SPENT_KEYS = 128;

/**
 * Pauses of the Hush API: each holder takes, renews and releases its own, and audio is kept only
 * once no lease is held. A lease that is not renewed raises an alarm, and then follows the UCC.
 */
export class Leases {
  readonly #ports: LeasesPorts;
  /**
   * Keys of finished leases by holder: a request repeated late takes no new lease, and no holder
   * can spend another's key.
   */
  readonly #spentKeys = new WeakMap<Call, Map<string, readonly string[]>>();

  constructor(ports: LeasesPorts) {
    this.#ports = ports;
    ports.watch.onLeaseDue((call, lease) => this.#expire(call, lease));
  }

  take(call: Call, caller: Caller, request: LeaseRequest): Promise<LeaseAnswer> {
    const { cameAtMs } = this.#arrival();
    const asked = { ...request, cameAtMs, early: this.#early(call, caller, request) };
    return this.#turn({ call, caller }, 'LeaseTaken', asked, async (turn) => {
      const { leases } = call.record;
      const known = ownLease(leases, request.owner, caller);
      const takenBy = caller.principal.key;
      const key = request.idempotencyKey;
      const spent = this.#spentKeys.get(call)?.get(takenBy);
      if (key !== null && spent?.includes(key)) return refused('keySpent');
      if (known && key !== null && known.idempotencyKey === key && call.record.pauseConfirmed) {
        return isSame(known, request)
          ? { ok: true, call, lease: known, effect: undefined }
          : refused('keyReused');
      }
      if (!known && !mayTakeOne(leases, caller)) return refused('tooManyOwners');
      const lookbackMs = request.lookbackMs ?? turn.rules.pauseLookbackMs;
      if (lookbackMs > turn.rules.pauseLookbackMs) return refused('lookbackTooLong');
      const now = this.#ports.clock.now();
      const { owner, reason, ttlMs, idempotencyKey } = request;
      const lease: Lease = {
        owner,
        takenBy,
        reason,
        ttlMs,
        idempotencyKey,
        lookbackMs,
        takenAt: known?.takenAt ?? now,
        expiresAt: now + ttlMs,
        renewedAt: this.#ports.moments.moment(),
        expired: false,
      };
      return this.#hold(turn, lease, { known, hold: 'own' });
    });
  }

  /** Renews a lease in force: a caller that gets `noSuchLease` is no longer protected. */
  renew(call: Call, caller: Caller, request: RenewRequest): Promise<LeaseAnswer> {
    return this.#turn({ call, caller }, 'LeaseRenewed', request, async (turn) => {
      const reached = leaseReached(call.record.leases, request.owner, caller);
      if (typeof reached === 'string') return refused(reached);
      const { lease: known, hold } = reached;
      return this.#hold(turn, renewed(known, request.ttlMs, this.#ports), { known, hold });
    });
  }

  #arrival(): Arrival {
    return { cameAtMs: this.#ports.recorder.commandCameAtMs, early: undefined };
  }

  /** Takes the fence of a pause at once, whatever earlier commands wait for. */
  #early(call: Call, caller: Caller, request: LeaseRequest): EarlyFence | undefined {
    const allowed = this.#allowed(call, caller, request);
    if ('ok' in allowed) return undefined;
    const lookbackMs = request.lookbackMs ?? allowed.pauseLookbackMs;
    if (lookbackMs > allowed.pauseLookbackMs) return undefined;
    const { cameAtMs } = this.#arrival();
    return this.#ports.pauseGate.early(call, { reason: 'lease', lookbackMs, cameAtMs });
  }

  release(call: Call, caller: Caller, request: ReleaseRequest): Promise<LeaseAnswer> {
    return this.#turn({ call, caller }, 'LeaseReleased', request, async (turn) => {
      const reached = leaseReached(call.record.leases, request.owner, caller);
      if (typeof reached === 'string') return refused(reached);
      const { lease, hold } = reached;
      const audit = this.#auditOf(turn, leaseAuditAction('LeaseReleased', lease.owner, hold));
      const effect = await this.#lift(call, lease, { type: 'pauseReleased', audit });
      this.#spend(call, lease.takenBy ?? caller.principal.key, lease.idempotencyKey);
      return { ok: true, call, lease, effect };
    });
  }

  async #turn(
    { call, caller }: Pick<LeaseTurn, 'call' | 'caller'>,
    action: string,
    request: Asked & Partial<Arrival>,
    turn: Turn,
  ): Promise<LeaseAnswer> {
    const { early } = request;
    const { cameAtMs = this.#arrival().cameAtMs } = request;
    const arrival = { cameAtMs, early };
    const answer = await call.queue.run(async () => {
      const outcome = await this.#take({ call, caller, arrival }, request, turn);
      if (early && !outcome.ok) await this.#ports.pauseGate.regret(call, early);
      return outcome;
    });
    if (answer.ok) return answer;
    const { uccName, correlationId, id: callId } = call;
    const outcome = answer.code === 'processingFailed' ? 'failed' : 'refused';
    const attempt = {
      uccName,
      correlationId,
      callId,
      reason: answer.code,
      outcome,
      action: leaseAuditAction(action, request.owner, 'own'),
      requester: request.requester ?? null,
    } as const;
    await this.#ports.auditLog.refused(caller, attempt).catch((cause) => {
      this.#ports.pauseGate.alarm(call, cause);
    });
    return answer;
  }

  async #take(
    { call, caller, arrival }: Pick<LeaseTurn, 'call' | 'caller' | 'arrival'>,
    asked: Asked,
    turn: Turn,
  ): Promise<LeaseAnswer> {
    const rules = this.#allowed(call, caller, asked);
    if ('ok' in rules) return rules;
    try {
      return await turn({ call, rules, caller, arrival, requester: asked.requester });
    } catch (cause) {
      this.#ports.pauseGate.alarm(call, cause);
      return refused('processingFailed');
    } finally {
      this.#ports.watch.changed(call);
    }
  }

  /** Returns the rules that apply, or the refusal; one UCC that the caller sees must allow it. */
  #allowed(
    call: Call,
    caller: Caller,
    { ifVersion, requester }: Pick<Asked, 'ifVersion' | 'requester'>,
  ): UccRules | LeaseAnswer {
    const { uccs, recorder, requesterMustMatchToken: mustMatch } = this.#ports;
    const rules = uccs.rulesOf(call.record);
    const own = uccsSeen(uccs, call.record, caller.principal);
    if (call.ended || !rules || own.length === 0) return refused('callUnknown');
    const mayEdit = own.some((ucc) => ucc.agentCanEditAudioRecording);
    if (!mayEdit) return refused('editDisabled');
    const refusal = requesterRefusal(caller, requester, { uccs: own, mustMatch });
    if (refusal) return refused(refusal);
    const reachable = rules.useAudioRecording && recorder.available && !call.failed;
    if (!reachable) return refused('recorderUnavailable');
    if (ifVersion !== undefined && ifVersion !== call.record.version) {
      return refused('versionMismatch');
    }
    return rules;
  }

  /**
   * Takes or renews the lease. The fence is used only where the gate is not surely shut.
   *
   * @param known the lease before the change, if it is not a new one
   */
  async #hold(
    turn: LeaseTurn,
    lease: Lease,
    { known, hold }: { readonly known: Lease | undefined; readonly hold: Hold },
  ): Promise<LeaseAnswer> {
    const { call } = turn;
    const { pauseGate, clock } = this.#ports;
    const requestedAt = clock.now();
    const isNew = known === undefined;
    const leases = [...withoutLease(call.record.leases, known ?? lease), lease];
    const detail = isNew ? 'LeaseTaken' : 'LeaseRenewed';
    const audit = this.#auditOf(turn, leaseAuditAction(detail, lease.owner, hold));
    const entryOf = (receipt: FenceReceipt, changes: ControlChanges): Entry => ({
      ...entryFor(call, lease, { type: isNew ? 'pauseTaken' : 'callUpdated', changes }, receipt),
      detail: detailOf(lease, StateAction.Pause, detail, { requestedAt, receipt }),
      audit,
    });
    // Another owner may hold already: this one's look-back is erased all the same.
    const reachesBack = isNew && lease.lookbackMs > 0;
    const needsFence = call.keeps || !call.record.pauseConfirmed || reachesBack;
    const reason = call.keeps ? 'lease' : shutReason(call.record);
    const effect = needsFence
      ? await pauseGate.shut(
          call,
          { reason, lookbackMs: lease.lookbackMs, ...turn.arrival },
          {
            entryOf: (receipt) => entryOf(receipt, { leases, pauseConfirmed: true }),
            inDoubt: { leases },
          },
        )
      : await pauseGate.note(call, (receipt) => entryOf(receipt, { leases }));
    return { ok: true, call, lease, effect };
  }

  /** Opens the gate if no other lease is held. */
  #lift(
    call: Call,
    lease: Lease,
    how: Pick<Entry, 'type' | 'audit'> & { readonly stops?: boolean },
  ): Promise<Effect> {
    const { pauseGate, clock } = this.#ports;
    const requestedAt = clock.now();
    const leases = withoutLease(call.record.leases, lease);
    const runs = call.recordingState === RecordingState.Started;
    const opens = leases.length === 0 && runs && !how.stops;
    const changes: ControlChanges = {
      leases,
      ...(opens ? { pauseConfirmed: true, recorded: true } : {}),
      ...(how.stops && call.recordingState !== RecordingState.Uninitialized
        ? { recordingState: RecordingState.Stopped }
        : {}),
    };
    const action = how.stops ? StateAction.Stop : StateAction.Start;
    const detail = how.type === 'pauseExpired' ? 'LeaseExpired' : 'LeaseReleased';
    const entryOf = (receipt: FenceReceipt): Entry => ({
      ...entryFor(call, lease, { type: how.type, changes }, receipt),
      detail: detailOf(lease, action, detail, { requestedAt, receipt }),
      ...(how.audit ? { audit: how.audit } : {}),
    });
    if (!opens) return pauseGate.note(call, entryOf);
    return pauseGate.open(call, { entryOf, takenBack: { leases: call.record.leases } });
  }

  /** Handles a lease that was not renewed. If that fails, the lease still holds. */
  async #expire(call: Call, lease: Lease): Promise<void> {
    const policy = this.#ports.uccs.rulesOf(call.record)?.onPauseExpiry ?? 'keep';
    try {
      if (policy === 'keep') await this.#keepExpired(call, lease);
      else await this.#lift(call, lease, { type: 'pauseExpired', stops: policy === 'stop' });
    } catch (cause) {
      this.#ports.pauseGate.alarm(call, cause);
      const key = leaseKey(lease);
      const held = call.record.leases.find((other) => leaseKey(other) === key) ?? lease;
      const leases = withLease(call.record.leases, { ...held, expired: true });
      this.#ports.pauseGate.acceptUntold(call, { ...call.record, leases });
    }
  }

  async #keepExpired(call: Call, lease: Lease): Promise<void> {
    const leases = withLease(call.record.leases, { ...lease, expired: true });
    const change = { type: 'pauseExpired', changes: { leases } } as const;
    await this.#ports.pauseGate.note(call, (receipt) => entryFor(call, lease, change, receipt));
  }

  #auditOf({ call, caller, requester }: LeaseTurn, action: string) {
    const { uccName, correlationId, id: callId } = call;
    return this.#ports.auditLog.entry(caller, {
      uccName,
      correlationId,
      callId,
      action,
      outcome: 'ok',
      requester: requester ?? null,
    });
  }

  #spend(call: Call, takenBy: string, key: string | null): void {
    if (key === null) return;
    const spent = this.#spentKeys.get(call) ?? new Map<string, readonly string[]>();
    this.#spentKeys.set(call, spent);
    spent.set(takenBy, [...(spent.get(takenBy) ?? []), key].slice(-MAX_SPENT_KEYS));
  }
}
