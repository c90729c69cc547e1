import type { Span } from '../../domain/common/span.ts';
import type { CallDetailRecord } from '../../domain/model/call-detail.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { TrackRecord } from '../../domain/model/track.ts';
import type { FinishedRecording } from '../../domain/ports/archive.ts';
import { gapsOf } from '../../domain/recording/gap-map.ts';
import type { Unsealing } from './segment-reader.ts';
import { coverageOf } from './track-coverage.ts';

/** The rows of a recording. */
export interface RecordingRows {
  readonly tracks: readonly TrackRecord[];
  readonly segments: readonly SegmentRecord[];
  readonly details: readonly CallDetailRecord[];
}

/**
 * Reads the stored audio, compares it with what rows and receipts say was stored, and derives
 * length, extents and gap map from both.
 */
export async function finishedRecording(
  unsealing: Unsealing,
  { tracks, segments, details }: RecordingRows,
): Promise<FinishedRecording> {
  const coverages = await Promise.all(
    tracks.map((track) => {
      const own = segments.filter(({ track: of }) => of === track.track);
      return coverageOf(unsealing, track, { segments: own, details });
    }),
  );
  const known = tracks.map((track, index) => withExtent(track, coverages[index]?.extent));
  const heard = known.flatMap((track, index) => {
    const coverage = coverages[index];
    const isEmpty = !coverage || coverage.extent.end <= coverage.extent.start;
    return isEmpty ? [] : [{ coverage, clockRate: track.clockRate }];
  });
  const originMs = originOf(known);
  const ends = heard.map(({ coverage, clockRate }) => (coverage.extent.end * 1000) / clockRate);
  return {
    lengthMs: heard.length === 0 ? 0 : Math.round(Math.max(...ends) - originMs),
    gaps: heard.flatMap(({ coverage, clockRate }) => {
      const origin = Math.round((originMs * clockRate) / 1000);
      return gapsOf(coverage).map((gap) => ({ ...gap, start: gap.start - origin }));
    }),
    tracks: known,
  };
}

/** Returns the recording's start on the call's clock, ms: each track counts in units of its own. */
export function originOf(tracks: readonly TrackRecord[]): number {
  const starts = tracks.flatMap(({ startPosition, endPosition, clockRate }) =>
    startPosition === null || endPosition === null || endPosition <= startPosition
      ? []
      : [(startPosition * 1000) / clockRate],
  );
  return starts.length === 0 ? 0 : Math.min(...starts);
}

function withExtent(track: TrackRecord, extent: Span | undefined): TrackRecord {
  if (!extent || extent.end <= extent.start) return track;
  return { ...track, startPosition: extent.start, endPosition: extent.end };
}
