import type { AlarmKind } from './alarm.ts';
import type { MarkingState, RecordingState, SavingState, StateAction } from './recording-state.ts';

export const recordingEventTypes = [
  'callBegan',
  /** A recording session joined the call, or its parties changed. */
  'callUpdated',
  'recordingStateChanged',
  /** An owner's pause of the Hush API begins, ends, or was not renewed in time. */
  'pauseTaken',
  'pauseReleased',
  'pauseExpired',
  'callEnded',
  'recordingSaved',
  'recordingDestroyed',
  /** An interval of a kept recording was destroyed. */
  'recordingErased',
  'legalHoldPlaced',
  'legalHoldReleased',
  /** A condition of the call that needs attention, and its end. */
  'alarmRaised',
  'alarmCleared',
] as const;
export type RecordingEventType = (typeof recordingEventTypes)[number];

/** A committed fact. Sequence numbers rise per UCC, in the order in which the facts took effect. */
export interface RecordingEvent {
  readonly type: RecordingEventType;
  readonly uccName: string;
  readonly sequence: number;
  /** Rises across UCCs, in commit order; within a UCC in sequence order. */
  readonly position: number;
  readonly correlationId: string;
  readonly callId: string;
  /** Unix ms */
  readonly at: number;
  /** Set only for `recordingStateChanged`: the successful command. */
  readonly action: StateAction | null;
  readonly requester: string | null;
  /** Set only for `pauseTaken`, `pauseReleased` and `pauseExpired`: the pause's owner. */
  readonly owner: string | null;
  /** Set only for `alarmRaised` and `alarmCleared`. */
  readonly alarm: AlarmKind | null;
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
  /**
   * Time when audio stopped being kept: for events that shut the gate, and the Start that opens it.
   */
  readonly gapStartedAt: number | null;
  /** Set only for the Start that ends a gap. */
  readonly gapEndedAt: number | null;
}
