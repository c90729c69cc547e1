/**
 * Why audio is absent: who held the recorder, or what happened to it. `dtmf`: digits were sent or
 * heard, and left out; `silence`: the client sent none on purpose (RFC 3551 section 4.1); `erased`:
 * it was there; `guard`: it may have been sent before the recorder was asked to keep it;
 * `unattended`: no Pause could have reached the recorder; `lost`: it was kept, and is not in the
 * files any more. Rows count on their order: a new one comes last.
 */
export const gapReasons = [
  ...(['api', 'lease', 'hold', 'stop', 'loss', 'restart'] as const),
  ...(['dtmf', 'silence', 'erased', 'guard', 'unattended', 'lost'] as const),
] as const;
export type GapReason = (typeof gapReasons)[number];

export interface GapSummary {
  /** Of the track that has the most of them. */
  readonly lengthMs: number;
  readonly reasons: readonly GapReason[];
}

/** From this position on somebody else kept the stream from being recorded. */
export interface ReasonChange {
  readonly position: number;
  readonly reason: GapReason;
}

/** Counts in units of its track's RTP clock, from the beginning of the recording on. */
export interface GapRecord {
  readonly callId: string;
  readonly track: number;
  readonly start: number;
  readonly length: number;
  readonly reason: GapReason;
}
