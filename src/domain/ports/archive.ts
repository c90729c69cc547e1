import type { Span } from '../common/span.ts';
import type { Party } from '../model/call-record.ts';
import type { DestroyedSegment } from '../model/erasure.ts';
import type { GapRecord } from '../model/gap.ts';
import type { SegmentRecord } from '../model/segment.ts';
import type { TrackRecord } from '../model/track.ts';

export interface FinishedRecording {
  readonly lengthMs: number;
  readonly gaps: readonly GapRecord[];
  readonly tracks: readonly TrackRecord[];
}

/** What of a kept recording is there now. */
export interface InspectedAudio {
  /** Files that are not there, or not whole. */
  readonly missing: 'none' | 'some' | 'all';
  /** As it is now; undefined while something is missing: it may come back. */
  readonly finished: FinishedRecording | undefined;
}

/** What of a recording goes with its keys. */
export interface Destroyable {
  /** As they are, with their keys. */
  readonly segments: readonly SegmentRecord[];
  readonly destroyed: readonly DestroyedSegment[];
}

/** What a recording becomes without an interval; it is, once its rows are committed. */
export interface Resealed {
  /** Under new keys, in the place of those that are destroyed. */
  readonly segments: readonly SegmentRecord[];
  readonly destroyed: readonly DestroyedSegment[];
  /** Numbers of the tracks that the interval is taken out of, and all gaps of those. */
  readonly tracks: readonly number[];
  readonly gaps: readonly GapRecord[];
  /** Why some track could not be looked at now: it is to be asked for again. */
  readonly failure?: unknown;
}

/** Audio. Works on the sealed segments of calls whose streams are closed. */
export interface Archive {
  /** Reads what was really stored and derives length, extents and gap map from it. */
  finish(callId: string): Promise<FinishedRecording>;
  /**
   * Destroys the call's keys first and its files then. What can be destroyed is, whatever cannot
   * yet: then it rejects, and is to be asked again. Repeatable, also after it resolved.
   */
  destroy(callId: string): Promise<void>;
}

/** Of recordings that are kept: what an erasure does to their audio. */
export interface ErasableArchive {
  destroyable(callId: string): Promise<Destroyable>;
  /**
   * Seals what touches the interval anew, without it, beside what is there: nothing of that counts
   * before it is committed. What may lie in it and cannot be opened goes as well.
   * @param interval ms from the beginning of the recording
   */
  reseal(callId: string, interval: Span): Promise<Resealed>;
  /** Takes what is open of the recording out of its listeners' hands. */
  interrupt(callId: string): Promise<void>;
  /** Removes every file of the call that no row with a key names, wherever it lies. */
  sweep(callId: string): Promise<void>;
  /** Of these, those on this machine. */
  sweepDisk(callId: string): Promise<void>;
}

/** What a recording can be exported to: made anew each time, from its beginning to its end. */
export const exportFormats = ['opus', 'flac'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** A file that is being made. */
export interface ExportedAudio {
  /** Aborted once the recording was erased: what was read by then is to be heard by nobody. */
  readonly erased: AbortSignal;
  /** As fast as they are taken. @throws where the file will not be whole */
  bytes(): AsyncIterable<Uint8Array>;
  /** Ends it, made or not; may be called twice. */
  close(): Promise<void>;
}

export interface TrackLevel {
  readonly track: number;
  readonly aor: string | null;
  readonly role: Party['role'];
  /** Root mean square of the newest 300 ms, dB below full scale; null: nothing is recorded. */
  readonly dbfs: number | null;
}

/** Calls in progress, heard by what of them is recorded. */
export interface LiveAudio {
  /** Stereo PCM in a WAV without an end, until the call ends or nobody takes it. */
  wav(callId: string, isLive: () => boolean): AsyncGenerator<Buffer>;
  levels(callId: string): Promise<TrackLevel[]>;
}
