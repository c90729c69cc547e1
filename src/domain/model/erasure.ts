import type { Span } from '../common/span.ts';

/**
 * Where an erasure stands. `begun`: it is asked for, and will be carried out, also after a crash;
 * the audio is there. `keysRemoved`: no row holds its keys, and it is not played any more; the
 * database may still hold what they were in its log. `keysDestroyed`: that is gone, and so are the
 * files of this machine: nobody can open it any more; bytes may still be in a bucket. `done`: those
 * are gone too.
 */
export type ErasureState = 'begun' | 'keysRemoved' | 'keysDestroyed' | 'done';

/**
 * What was found of a segment. `damaged`: some of it is not what was sealed; `missing`: its file
 * was not there; `unopened`: its key opened nothing.
 */
export const foundStates = ['whole', 'damaged', 'missing', 'unopened'] as const;
export type FoundState = (typeof foundStates)[number];

/** A segment that was destroyed, or sealed anew without what was erased. */
export interface DestroyedSegment {
  readonly track: number;
  readonly segment: number;
  readonly generation: number;
  /** SHA-256 of the wrapped key, hex: which key it was, and nothing that opens anything. */
  readonly keySha256: string;
  /** Of sealed audio, wherever it lay; null where it could no longer be looked at. */
  readonly bytes: number | null;
  /** Null where nobody looked: who destroys all of it need not; older releases did not. */
  readonly found: FoundState | null;
  /** Of audio that could not be opened any more: a gap `lost`, in the interval and beside it. */
  readonly lostMs: number;
}

/** The receipt of an erasure: what was destroyed, why, by whom and when. */
export interface ErasureRecord {
  readonly id: string;
  readonly callId: string;
  readonly correlationId: string;
  readonly uccName: string;
  /** Null: the whole recording. In ms from its beginning; as it was carried out once it was. */
  readonly interval: Span | null;
  readonly reason: string;
  /** `Principal.name`, or `retention`. */
  readonly requestedBy: string;
  /** Unix ms */
  readonly requestedAt: number;
  readonly state: ErasureState;
  readonly destroyed: readonly DestroyedSegment[];
  /** Unix ms; null until the keys are destroyed, out of the log of the database as well. */
  readonly keysDestroyedAt: number | null;
  /** Unix ms; null until it is done. */
  readonly doneAt: number | null;
}
