import type { GapReason } from './gap.ts';

/**
 * A stretch without pause under a key of its own. `wrappedKey` is null once the key is destroyed.
 */
export interface SegmentRecord {
  readonly callId: string;
  readonly track: number;
  readonly segment: number;
  /** 0 as recorded; raised by each erasure, which seals it anew. */
  readonly generation: number;
  readonly wrappedKey: Buffer | null;
  readonly closedBy: GapReason | 'end' | null;
  /** Extent that was written; null where it was not reported. */
  readonly sealed: SealedExtent | null;
}

/**
 * Contents of a segment as reported: at its first frame, and when it was closed. Contents missing
 * from its file are lost. Positions are units of the track's RTP clock.
 */
export interface SealedExtent {
  readonly start: number;
  readonly end: number;
  readonly chunks: number;
}
