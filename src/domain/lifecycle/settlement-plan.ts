import { leastAgeMs, type Moment } from '../common/moment.ts';
import type { CallRecord } from '../model/call-record.ts';
import { SavingState } from '../model/recording-state.ts';

/** Outcome of a part of a dialogue, as things stand. */
export type Fate = 'keep' | 'destroy' | 'empty';

export interface SettlementLimits {
  /** Wait without a recording session before an acknowledged Delete is carried out. */
  readonly deleteGraceMs: number;
  /** Time during which a dialogue can continue, and a Save may reach its parts. */
  readonly inheritMs: number;
}

/**
 * Returns the outcome. The saving flag belongs to the dialogue, and the newest part has it; the
 * default is that of the UCCs with a session in the part. A legal hold keeps any recording it lies
 * on.
 */
export function fateOf(
  record: Pick<CallRecord, 'recorded' | 'legalHold'>,
  savingState: SavingState,
  saveByDefault: boolean,
): Fate {
  if (!record.recorded) return 'empty';
  if (record.legalHold !== null || savingState === SavingState.Save) return 'keep';
  return savingState === SavingState.None && saveByDefault ? 'keep' : 'destroy';
}

/** Returns how long destruction still waits for a Save; `newest` is the dialogue's newest part. */
export function graceMs(newest: CallRecord, now: Moment, limits: SettlementLimits): number {
  const { endedAt } = newest.dialogue;
  const isOrdered = newest.savingState === SavingState.Delete;
  const wholeMs = isOrdered ? Math.min(limits.deleteGraceMs, limits.inheritMs) : limits.inheritMs;
  // Calls of an older release have no known end, and have waited long enough.
  return endedAt === null ? 0 : Math.max(0, wholeMs - leastAgeMs(endedAt, now));
}
