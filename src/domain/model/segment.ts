import type { GapReason } from './gap.ts';

/**
 * A stretch without pause under a key of its own. `wrappedKey` is null once the key is destroyed.
 */
export interface SegmentRecord {
  readonly callId: string;
  readonly track: number;
  readonly segment: number;
  /** 0 as it was recorded; sealed anew with each erasure that touches it. */
  readonly generation: number;
  readonly wrappedKey: Buffer | null;
  readonly closedBy: GapReason | 'end' | null;
  /** What was written of it; null where nobody told. */
  readonly sealed: SealedExtent | null;
}

/**
 * What a segment held when this was told: at its first frame, and when it was closed. What its file
 * does not hold any more is lost. Positions are units of the track's RTP clock.
 */
export interface SealedExtent {
  readonly start: number;
  readonly end: number;
  readonly chunks: number;
}
