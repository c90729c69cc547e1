import { leastAgeMs, type Moment } from '../common/moment.ts';
import type { CallRecord } from '../model/call-record.ts';
import { SavingState } from '../model/recording-state.ts';

/** What becomes of a part of a dialogue, as things stand. */
export type Fate = 'keep' | 'destroy' | 'empty';

export interface SettlementLimits {
  /** An acknowledged Delete is carried out after this long without a recording session. */
  readonly deleteGraceMs: number;
  /** For this long a dialogue goes on, and a Save may reach its parts. */
  readonly inheritMs: number;
}

/**
 * The saving flag is the dialogue's, and the newest part has it; the default is that of the UCCs
 * that had a session in the part. A legal hold keeps whatever it lies on.
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

/** How long the destruction waits yet for somebody to say Save; `newest` is the dialogue's. */
export function graceMs(newest: CallRecord, now: Moment, limits: SettlementLimits): number {
  const { endedAt } = newest.dialogue;
  const isOrdered = newest.savingState === SavingState.Delete;
  const wholeMs = isOrdered ? Math.min(limits.deleteGraceMs, limits.inheritMs) : limits.inheritMs;
  // Of an older release nobody knows when it ended: it has waited long enough.
  return endedAt === null ? 0 : Math.max(0, wholeMs - leastAgeMs(endedAt, now));
}
