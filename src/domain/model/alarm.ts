/** An alarm as the store keeps it. */
export interface AlarmRecord {
  /** Rises with time. */
  readonly id: string;
  readonly kind: AlarmKind;
  /** Unix ms */
  readonly at: number;
  /** Unix ms: when it was over; the same as `at` where it tells of a moment; null while open. */
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
  /** An INVITE of a recording client was refused for another reason: its call is not recorded. */
  'inviteRefused',
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
