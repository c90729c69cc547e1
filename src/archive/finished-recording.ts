import type { FinishedRecording } from '../domain/archive-port.ts';
import { gapsOf, type Span, slipOf, type TrackCoverage } from '../domain/gap-map.ts';
import type { SegmentRecord, TrackRecord } from '../domain/records.ts';
import { SegmentReader, type Unsealing } from './segment-reader.ts';

/** Reads what was really stored, and derives length, extents and gap map from it. */
export async function finishedRecording(
  unsealing: Unsealing,
  tracks: readonly TrackRecord[],
  segments: readonly SegmentRecord[],
): Promise<FinishedRecording> {
  const coverages = await Promise.all(
    tracks.map((track) =>
      coverageOf(
        unsealing,
        track,
        segments.filter(({ track: of }) => of === track.track),
      ),
    ),
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

/** Where the recording begins on the call's clock, ms: each track counts in units of its own. */
export function originOf(tracks: readonly TrackRecord[]): number {
  const starts = tracks.flatMap(({ startPosition, endPosition, clockRate }) =>
    startPosition === null || endPosition === null || endPosition <= startPosition
      ? []
      : [(startPosition * 1000) / clockRate],
  );
  return starts.length === 0 ? 0 : Math.min(...starts);
}

async function coverageOf(
  unsealing: Unsealing,
  track: TrackRecord,
  segments: readonly SegmentRecord[],
): Promise<TrackCoverage> {
  const covered = [];
  for (const segment of segments) {
    const reader = await SegmentReader.open(unsealing, segment);
    covered.push({ closedBy: segment.closedBy, spans: reader?.spans ?? [] });
    await reader?.close();
  }
  const { callId, track: number, initialReason, reasonChanges } = track;
  const extent = extentOf(
    track,
    covered.flatMap(({ spans }) => spans),
  );
  const slip = slipOf(track.clockRate);
  return { callId, track: number, extent, slip, initialReason, reasonChanges, segments: covered };
}

/** As the stream reported it, or, where a crash came before the report, what its segments hold. */
function extentOf(track: TrackRecord, spans: readonly Span[]): Span {
  const starts = spans.map(({ start }) => start);
  const ends = spans.map(({ end }) => end);
  const start = starts.reduce((a, b) => Math.min(a, b), track.startPosition ?? Infinity);
  const end = ends.reduce((a, b) => Math.max(a, b), track.endPosition ?? -Infinity);
  return Number.isFinite(start) && Number.isFinite(end) ? { start, end } : { start: 0, end: 0 };
}

function withExtent(track: TrackRecord, extent: Span | undefined): TrackRecord {
  if (!extent || extent.end <= extent.start) return track;
  return { ...track, startPosition: extent.start, endPosition: extent.end };
}
