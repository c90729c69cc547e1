/**
 * Reasons why audio is absent. Beside the owners that held the recorder: `dtmf`: digits were sent
 * or heard, and left out; `silence`: the client deliberately sent none (RFC 3551 section 4.1);
 * `erased`: it was there; `guard`: it may have been sent before the recorder was asked to keep it;
 * `unattended`: no Pause could have reached the recorder; `lost`: it was kept, and is no longer in
 * the files. Stored rows depend on this order: append new reasons at the end.
 */
export const gapReasons = [
  ...(['api', 'lease', 'hold', 'stop', 'loss', 'restart'] as const),
  ...(['dtmf', 'silence', 'erased', 'guard', 'unattended', 'lost'] as const),
] as const;
export type GapReason = (typeof gapReasons)[number];

export interface GapSummary {
  /** Length on the track that has the most gaps. */
  readonly lengthMs: number;
  readonly reasons: readonly GapReason[];
}

/** From this position on another owner kept the stream from being recorded. */
export interface ReasonChange {
  readonly position: number;
  readonly reason: GapReason;
}

/** Positions are units of its track's RTP clock, from the recording's beginning. */
export interface GapRecord {
  readonly callId: string;
  readonly track: number;
  readonly start: number;
  readonly length: number;
  readonly reason: GapReason;
}
