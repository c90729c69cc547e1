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

export const alarmKinds = [
  'fenceTimeout',
  'storageFailed',
  'storeFailed',
  'workerDied',
  'sessionLost',
  /** A lease was not renewed, or a pause is longer than its UCC allows. */
  'pauseExpired',
  /** Of releases before this one. */
  'correlationConflict',
  /** What was decided of a call that has ended cannot be carried out; it is tried again. */
  'settlementFailed',
  'webhookDeadLetter',
  /** Media that is expected: none, of some streams only, no more, not readable, with gaps. */
  'mediaMissing',
  'mediaOneSided',
  'mediaStopped',
  'mediaUnauthenticated',
  /** Packets of another source than the client's come to a stream's port. */
  'mediaForeign',
  'mediaLossy',
  /** A call was offered that cannot be recorded. */
  'recorderUnavailable',
  /** A client's metadata cannot be read as it should be; its calls are recorded all the same. */
  'metadataIncomplete',
  /** Keys are destroyed, and bytes are still there; or an erasure could not be carried out. */
  'erasureFailed',
  /** Recordings cannot be moved to the bucket, or too much waits for it. */
  'uploadFailed',
  'spoolFull',
  /** Too many wrong passwords of one user or address: it is not heard for a while. */
  'passwordGuessing',
  /** The log cannot be written: its lines wait, and are dropped. */
  'logFailed',
  /** Somebody guesses passwords or secrets: what is allowed of it is used up. */
  'signInsGuessed',
  /** Retention would destroy what a person should look at first. */
  'retentionHeld',
  /** Another Hush works on the bucket as the same instance: this one changes nothing in it. */
  'bucketShared',
  /** Audio was kept, and is damaged or not in the files any more. */
  'audioDamaged',
  /** Files of a kept recording are not there, or not whole: it is not played. */
  'audioMissing',
  /** Once a day: what became of the day before. */
  'dailySummary',
] as const;
export type AlarmKind = (typeof alarmKinds)[number];

/** Something a person must look at. Carries no card data, digits, tokens or message content. */
export interface Alarm {
  readonly kind: AlarmKind;
  readonly at: number;
  readonly callId?: string;
  readonly correlationId?: string;
  readonly uccName?: string;
  readonly detail: string;
}

/** Alarms of calls that have ended, which stay open until what they tell of is over. */
export interface OpenAlarms {
  /** Nothing where it is open. */
  open(alarm: Omit<Alarm, 'at'> & { readonly callId: string }): void;
  /** Nothing where it is not. */
  close(callId: string, kind: Alarm['kind']): void;
}

export interface Bus {
  /** In effect: events of one UCC leave in the order of their sequence. */
  publish(event: RecordingEvent): void;
  subscribe(listener: (event: RecordingEvent) => void): () => void;
  /** The same events once more, those of all UCCs in the order of their position. */
  publishInOrder(event: RecordingEvent): void;
  subscribeInOrder(listener: (event: RecordingEvent) => void): () => void;
}
