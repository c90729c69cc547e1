import type { CallRecord } from '../model/call-record.ts';
import type { CallStatus } from '../model/call-status.ts';
import type { GapReason } from '../model/gap.ts';
import type { SavingState } from '../model/recording-state.ts';

/** End of a page: recordings are listed from the newest to the oldest. */
export interface RecordingPlace {
  /** Unix ms */
  readonly beganAt: number;
  readonly id: string;
}

/** Search criteria; all that are given must match. */
export interface RecordingFilter {
  /** Recordings of these UCCs only, as `uccKey` spells them. */
  readonly uccs?: readonly string[];
  readonly correlationId?: string;
  /** Spelled by `partyKey`. */
  readonly agent?: string;
  /** Spelled by `partyKey`; agents are parties too. */
  readonly party?: string;
  /** Unix ms, inclusive */
  readonly from?: number;
  /** Unix ms, exclusive */
  readonly to?: number;
  readonly marked?: boolean;
  readonly saving?: SavingState;
  readonly status?: CallStatus;
  readonly onLegalHold?: boolean;
  readonly minLengthMs?: number;
  readonly maxLengthMs?: number;
  readonly minGapMs?: number;
  readonly gapReason?: GapReason;
  readonly before?: RecordingPlace;
  readonly limit: number;
}

/**
 * A page. Only a bounded number of rows is searched for it: with a filter that matches few
 * recordings it may hold fewer than requested, or none, although more follow.
 */
export interface RecordingPage {
  readonly records: readonly CallRecord[];
  /** Beginning of the next page; null at the end. */
  readonly next: RecordingPlace | null;
}
