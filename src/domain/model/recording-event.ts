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
  /** Something about the call that a person must look at, and its end. */
  'alarmRaised',
  'alarmCleared',
] as const;
export type RecordingEventType = (typeof recordingEventTypes)[number];

/** A committed fact. Sequence numbers rise per UCC, in the order in which the facts took effect. */
export interface RecordingEvent {
  readonly type: RecordingEventType;
  readonly uccName: string;
  readonly sequence: number;
  /** Rises across UCCs, in the order of commits; within a UCC as the sequence does. */
  readonly position: number;
  readonly correlationId: string;
  readonly callId: string;
  /** Unix ms */
  readonly at: number;
  /** Only of `recordingStateChanged`: the successful command. */
  readonly action: StateAction | null;
  readonly requester: string | null;
  /** Only of `pauseTaken`, `pauseReleased` and `pauseExpired`: whose pause. */
  readonly owner: string | null;
  /** Only of `alarmRaised` and `alarmCleared`. */
  readonly alarm: AlarmKind | null;
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
  /**
   * When the recorder stopped keeping audio: of what shuts the gate, and of the Start that opens
   * it.
   */
  readonly gapStartedAt: number | null;
  /** Only of the Start that ends a gap. */
  readonly gapEndedAt: number | null;
}
