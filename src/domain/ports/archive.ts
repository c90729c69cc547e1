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

/** The present state of a kept recording. */
export interface InspectedAudio {
  /** Files that are missing or incomplete. */
  readonly missing: 'none' | 'some' | 'all';
  /** Its present result; undefined while files are missing: they may come back. */
  readonly finished: FinishedRecording | undefined;
}

/** The parts of a recording that are destroyed with its keys. */
export interface Destroyable {
  /** Current segments, with their keys. */
  readonly segments: readonly SegmentRecord[];
  readonly destroyed: readonly DestroyedSegment[];
}

/** A recording without an interval, effective once its rows are committed. */
export interface Resealed {
  /** Under new keys, replacing those that are destroyed. */
  readonly segments: readonly SegmentRecord[];
  readonly destroyed: readonly DestroyedSegment[];
  /** Numbers of the tracks that the interval is removed from, and all gaps of those. */
  readonly tracks: readonly number[];
  readonly gaps: readonly GapRecord[];
  /** Why some track could not be read now: retry later. */
  readonly failure?: unknown;
}

/** Audio. Works on the sealed segments of calls whose streams are closed. */
export interface Archive {
  /** Reads the stored audio and derives length, extents and gap map from it. */
  finish(callId: string): Promise<FinishedRecording>;
  /**
   * Destroys the call's keys first and its files then, as far as possible. Rejects when something
   * is left: retry later. Repeatable, also after it resolved.
   */
  destroy(callId: string): Promise<void>;
}

/** Effect of erasures on the audio of kept recordings. */
export interface ErasableArchive {
  destroyable(callId: string): Promise<Destroyable>;
  /**
   * Seals segments that touch the interval anew, without it, beside the existing ones; nothing
   * counts before it is committed. Audio that may lie in it and cannot be opened is removed as
   * well.
   * @param interval ms from the beginning of the recording
   */
  reseal(callId: string, interval: Span): Promise<Resealed>;
  /** Ends every open playback of the recording. */
  interrupt(callId: string): Promise<void>;
  /** Removes every file of the call that no row with a key names, wherever it lies. */
  sweep(callId: string): Promise<void>;
  /** Removes only those on this machine. */
  sweepDisk(callId: string): Promise<void>;
}

/** Export formats of a recording, made anew each time, from its beginning to its end. */
export const exportFormats = ['opus', 'flac'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** A file that is being made. */
export interface ExportedAudio {
  /** Aborted once the recording is erased: bytes read by then must not be played. */
  readonly erased: AbortSignal;
  /** Yields bytes as fast as they are taken. @throws where the file will not be complete */
  bytes(): AsyncIterable<Uint8Array>;
  /** Ends it, finished or not; may be called twice. */
  close(): Promise<void>;
}

export interface TrackLevel {
  readonly track: number;
  readonly aor: string | null;
  readonly role: Party['role'];
  /** Root mean square of the newest 300 ms, dB below full scale; null: nothing is recorded. */
  readonly dbfs: number | null;
}

/** Live audio of calls in progress, as it is recorded. */
export interface LiveAudio {
  /** Yields stereo PCM in a WAV without an end, until the call ends or the reader stops. */
  wav(callId: string, isLive: () => boolean): AsyncGenerator<Buffer>;
  levels(callId: string): Promise<TrackLevel[]>;
}
