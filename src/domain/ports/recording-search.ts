import type { CallRecord } from '../model/call-record.ts';
import type { CallStatus } from '../model/call-status.ts';
import type { GapReason } from '../model/gap.ts';
import type { SavingState } from '../model/recording-state.ts';

/** Where a page ended: recordings are listed from the newest to the oldest. */
export interface RecordingPlace {
  /** Unix ms */
  readonly beganAt: number;
  readonly id: string;
}

/** What recordings are asked for; everything that is given must hold. */
export interface RecordingFilter {
  /** Recordings of these UCCs only, as `uccKey` spells them. */
  readonly uccs?: readonly string[];
  readonly correlationId?: string;
  /** As `partyKey` spells it. */
  readonly agent?: string;
  /** As `partyKey` spells it; agents are parties too. */
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
 * A page looks at a bounded number of rows: with a filter that few recordings meet it may hold
 * fewer than were asked for, or none, and there are more all the same.
 */
export interface RecordingPage {
  readonly records: readonly CallRecord[];
  /** Where the next page begins; null where there is none. */
  readonly next: RecordingPlace | null;
}
