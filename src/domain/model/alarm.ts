/** An alarm as the store keeps it. */
export interface AlarmRecord {
  /** Rises with time. */
  readonly id: string;
  readonly kind: AlarmKind;
  /** Unix ms */
  readonly at: number;
  /** End of the alarm in Unix ms; equal to `at` for a moment; null while open. */
  readonly clearedAt: number | null;
  readonly callId: string | null;
  readonly correlationId: string | null;
  readonly uccName: string | null;
  readonly detail: string;
}

export const alarmKinds = [
  'fenceTimeout',
  'storageFailed',
  'storeFailed',
  'workerDied',
  'sessionLost',
  /** A lease was not renewed, or a pause is longer than its UCC allows. */
  'pauseExpired',
  /** Raised by earlier releases only. */
  'correlationConflict',
  /** A decision on an ended call cannot be carried out; it is retried. */
  'settlementFailed',
  'webhookDeadLetter',
  /** Expected media: none, of some streams only, stopped, unreadable, with gaps. */
  'mediaMissing',
  'mediaOneSided',
  'mediaStopped',
  'mediaUnauthenticated',
  /** Packets of another source than the client's come to a stream's port. */
  'mediaForeign',
  'mediaLossy',
  /** A call was offered that cannot be recorded. */
  'recorderUnavailable',
  /** A client's metadata cannot be read correctly; its calls are recorded all the same. */
  'metadataIncomplete',
  /** Keys are destroyed but bytes remain, or an erasure could not be carried out. */
  'erasureFailed',
  /** Recordings cannot be moved to the bucket, or too many wait for it. */
  'uploadFailed',
  'spoolFull',
  /** Too many wrong passwords of one user or address, which is locked out for a while. */
  'passwordGuessing',
  /** The log cannot be written: its lines wait, and are dropped. */
  'logFailed',
  /** Passwords or secrets are being guessed: the allowed attempts are used up. */
  'signInsGuessed',
  /** Retention would destroy recordings that need attention first. */
  'retentionHeld',
  /** Another Hush uses the bucket as the same instance: this one changes nothing in it. */
  'bucketShared',
  /** Kept audio is damaged, or no longer in the files. */
  'audioDamaged',
  /** Files of a kept recording are missing or incomplete: it is not played. */
  'audioMissing',
  /** Once a day: the outcome of the previous day. */
  'dailySummary',
] as const;
export type AlarmKind = (typeof alarmKinds)[number];

/** A condition that needs attention. Carries no card data, digits, tokens or message content. */
export interface Alarm {
  readonly kind: AlarmKind;
  readonly at: number;
  readonly callId?: string;
  readonly correlationId?: string;
  readonly uccName?: string;
  readonly detail: string;
}
