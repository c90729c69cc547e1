import type { Span } from '../common/span.ts';

/**
 * Progress of an erasure. `begun`: it is requested, and will be carried out, also after a crash;
 * the audio is there. `keysRemoved`: no row holds its keys, and it is no longer played; the
 * database's log may still hold them. `keysDestroyed`: that is gone, and so are this machine's
 * files: nobody can open it any more; bytes may remain in a bucket. `done`: those are gone too.
 */
export type ErasureState = 'begun' | 'keysRemoved' | 'keysDestroyed' | 'done';

/**
 * State in which a segment was found. `damaged`: some of it is not as it was sealed; `missing`: its
 * file was absent; `unopened`: its key opened nothing.
 */
export const foundStates = ['whole', 'damaged', 'missing', 'unopened'] as const;
export type FoundState = (typeof foundStates)[number];

/** A segment that was destroyed, or sealed anew without the erased part. */
export interface DestroyedSegment {
  readonly track: number;
  readonly segment: number;
  readonly generation: number;
  /** SHA-256 of the wrapped key, hex: identifies the key and opens nothing. */
  readonly keySha256: string;
  /** Size of the sealed audio, wherever it lay; null where it could no longer be read. */
  readonly bytes: number | null;
  /** Null where it was not examined: destroying all of it needs no look; older releases did not. */
  readonly found: FoundState | null;
  /** Audio that could no longer be opened: a gap `lost`, in the interval and beside it. */
  readonly lostMs: number;
}

/** The receipt of an erasure: what was destroyed, why, by whom and when. */
export interface ErasureRecord {
  readonly id: string;
  readonly callId: string;
  readonly correlationId: string;
  readonly uccName: string;
  /** Ms from the recording's beginning, as carried out once it was; null: the whole recording. */
  readonly interval: Span | null;
  readonly reason: string;
  /** `Principal.name`, or `retention`. */
  readonly requestedBy: string;
  /** Unix ms */
  readonly requestedAt: number;
  readonly state: ErasureState;
  readonly destroyed: readonly DestroyedSegment[];
  /** Unix ms; null until the keys are destroyed, including those in the database's log. */
  readonly keysDestroyedAt: number | null;
  /** Unix ms; null until it is done. */
  readonly doneAt: number | null;
}
