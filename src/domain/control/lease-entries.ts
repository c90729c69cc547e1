import type { Call, ControlChanges } from '../call/call.ts';
import type { Entry } from '../call/journal.ts';
import type { Moments } from '../common/moment.ts';
import type { Lease } from '../model/lease.ts';
import type { StateAction } from '../model/recording-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { FenceReceipt } from '../ports/recorder.ts';
import { type LeaseRefusal, type LeaseRefusalCode, leaseRefusals } from './lease-refusals.ts';
import type { Effect } from './pause-gate.ts';

export interface LeaseRequest {
  readonly owner: string;
  readonly reason: string | null;
  readonly ttlMs: number;
  readonly idempotencyKey: string | null;
  /** Undefined: as much as the UCC holds back. */
  readonly lookbackMs: number | undefined;
  readonly ifVersion: number | undefined;
  /** Requester, as in a command of the contract; undefined: the caller itself. */
  readonly requester?: string | undefined;
}

export type ReleaseRequest = Pick<LeaseRequest, 'owner' | 'ifVersion' | 'requester'>;

export type RenewRequest = ReleaseRequest & { readonly ttlMs: number | undefined };

export type LeaseAnswer =
  | {
      readonly ok: true;
      readonly call: Call;
      readonly lease: Lease;
      /** Undefined where nothing changed but the time. */
      readonly effect: Effect | undefined;
    }
  | ({ readonly ok: false } & LeaseRefusal);

/** Returns true when the request is the one that took the lease. */
export function isSame(lease: Lease, request: LeaseRequest): boolean {
  const { reason, ttlMs, lookbackMs } = request;
  const sameLookback = lookbackMs === undefined || lookbackMs === lease.lookbackMs;
  return lease.reason === reason && lease.ttlMs === ttlMs && sameLookback;
}

export function entryFor(
  call: Call,
  { owner }: Lease,
  { type, changes }: { readonly type: Entry['type']; readonly changes: ControlChanges },
  { effectiveAt }: FenceReceipt,
): Entry {
  return { type, owner, record: call.controlled(changes, effectiveAt), at: effectiveAt };
}

export function detailOf(
  { owner }: Lease,
  action: StateAction,
  detail: string,
  { requestedAt, receipt }: { readonly requestedAt: number; readonly receipt: FenceReceipt },
) {
  return { detail, action, requester: owner, requestedAt, ...receipt };
}

export function refused(code: LeaseRefusalCode): LeaseAnswer {
  return { ok: false, ...leaseRefusals[code], code };
}

/** Returns the lease renewed for the requested time, or for its previous one. */
export function renewed(
  lease: Lease,
  asked: number | undefined,
  { clock, moments }: { readonly clock: Clock; readonly moments: Moments },
): Lease {
  const ttlMs = asked ?? lease.ttlMs;
  const times = { expiresAt: clock.now() + ttlMs, renewedAt: moments.moment() };
  return { ...lease, ttlMs, ...times, expired: false };
}
