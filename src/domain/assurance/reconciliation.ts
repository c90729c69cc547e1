import type { AssuranceReason } from '../model/call-health.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { AssuranceStore } from '../ports/assurance-store.ts';

/** How another system's calls are recorded. Each id is in exactly one list. */
export interface Reconciliation {
  readonly complete: string[];
  readonly degraded: { correlationId: string; callId: string; reasons: AssuranceReason[] }[];
  /** Destroyed by the saving flag, or the UCC's default. */
  readonly destroyed: string[];
  readonly inProgress: string[];
  readonly missing: { correlationId: string; why: MissingBecause }[];
}

/**
 * `neverSeen`: no call of that id reached Hush, or none that the caller may see. `tooShort`: it was
 * over before audio could be expected.
 */
export const missingBecause = ['neverSeen', 'notRecorded', 'tooShort', 'nothingKept'] as const;
type MissingBecause = (typeof missingBecause)[number];

export const MAX_RECONCILED = 10_000;

/** @param isSeen whether the caller may see that UCC's calls */
export async function reconcile(
  store: Pick<AssuranceStore, 'callsByCorrelationId'>,
  ids: readonly string[],
  isSeen: (uccName: string) => boolean,
): Promise<Reconciliation> {
  const distinct = [...new Set(ids)];
  const calls = new Map<string, CallRecord[]>();
  for (const call of await store.callsByCorrelationId(distinct)) {
    if (!isSeen(call.uccName)) continue;
    calls.set(call.correlationId, [...(calls.get(call.correlationId) ?? []), call]);
  }
  const found: Reconciliation = {
    complete: [],
    degraded: [],
    destroyed: [],
    inProgress: [],
    missing: [],
  };
  for (const id of distinct) place(found, id, calls.get(id) ?? []);
  return found;
}

/** Counts the worst certain outcome of several calls of one id: a good one hides nothing. */
function place(found: Reconciliation, correlationId: string, calls: readonly CallRecord[]): void {
  const asked = calls.filter((call) => call.recorded);
  const recorded = asked.filter((call) => !call.health?.reasons.includes('tooShort'));
  const lost = recorded.find((call) => call.health?.verdict === 'missing');
  const poor = recorded.find((call) => call.health?.verdict === 'degraded');
  const has = (status: CallRecord['status']) => recorded.some((call) => call.status === status);
  if (calls.length === 0) found.missing.push({ correlationId, why: 'neverSeen' });
  else if (calls.some(isInProgress)) found.inProgress.push(correlationId);
  else if (asked.length === 0) found.missing.push({ correlationId, why: 'notRecorded' });
  else if (recorded.length === 0) found.missing.push({ correlationId, why: 'tooShort' });
  else if (lost) found.missing.push({ correlationId, why: 'nothingKept' });
  else if (has('destroyed') || has('deleting')) found.destroyed.push(correlationId);
  else if (poor) {
    const reasons = [...(poor.health?.reasons ?? [])];
    found.degraded.push({ correlationId, callId: poor.id, reasons });
  } else found.complete.push(correlationId);
}

function isInProgress({ status }: CallRecord): boolean {
  return status === 'live' || status === 'finishing';
}
