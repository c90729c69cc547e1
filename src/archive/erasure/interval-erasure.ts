import { type Span, without } from '../../domain/common/span.ts';
import type { FoundState } from '../../domain/model/erasure.ts';
import type { GapRecord } from '../../domain/model/gap.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { TrackRecord } from '../../domain/model/track.ts';
import type { Resealed } from '../../domain/ports/archive.ts';
import { gapsOf } from '../../domain/recording/gap-map.ts';
import { segmentFile } from '../../protocols/segment/sealed-chunk.ts';
import { faultOf } from '../segment/accounted-recording.ts';
import { originOf, type RecordingRows } from '../segment/finished-recording.ts';
import type { ExaminedSegment } from '../segment/segment-coverage.ts';
import type { Unsealing } from '../segment/segment-reader.ts';
import { coverageOf } from '../segment/track-coverage.ts';
import { lostOf, reseal, touchedBy } from './reseal.ts';

/** A segment, its state when read, and the segment that replaces it. */
interface Replaced {
  readonly before: SegmentRecord;
  readonly after: SegmentRecord;
  readonly found: FoundState;
  readonly lostMs: number;
}

export interface IntervalErased extends Pick<Resealed, 'gaps' | 'tracks' | 'failure'> {
  readonly replaced: readonly Replaced[];
}

/**
 * Seals each track anew without the interval, beside the existing files. A track that cannot be
 * read now does not stop the others from losing it; files missing or damaged for good go with their
 * keys.
 * @param interval ms from the beginning of the recording
 */
export async function withoutInterval(
  unsealing: Unsealing,
  {
    tracks,
    segments,
    details,
    gaps: told,
  }: RecordingRows & { readonly gaps: readonly GapRecord[] },
  interval: Span,
): Promise<IntervalErased> {
  const origin = originOf(tracks);
  const replaced: Replaced[] = [];
  const done: number[] = [];
  const gaps: GapRecord[] = [];
  let failure: unknown;
  for (const track of tracks) {
    const own = segments.filter((segment) => segment.track === track.track);
    const first = Math.round((origin * track.clockRate) / 1000);
    const before = told.filter((gap) => gap.track === track.track);
    try {
      const erased = await trackWithout(unsealing, track, {
        segments: own,
        details,
        gaps: before.map((gap) => moved(gap, first)),
        span: unitsOf(track, { start: origin + interval.start, end: origin + interval.end }),
      });
      replaced.push(...erased.replaced);
      gaps.push(...erased.gaps.map((gap) => moved(gap, -first)));
      done.push(track.track);
    } catch (cause) {
      failure ??= cause;
    }
  }
  return { replaced, gaps, tracks: done, ...(failure === undefined ? {} : { failure }) };
}

/** Positions are on the track's own clock. */
interface TrackErasure extends Pick<RecordingRows, 'segments' | 'details'> {
  readonly span: Span;
  /** The gaps as they are now. */
  readonly gaps: readonly GapRecord[];
}

async function trackWithout(
  unsealing: Unsealing,
  track: TrackRecord,
  { span, segments, details, gaps }: TrackErasure,
): Promise<{ replaced: Replaced[]; gaps: GapRecord[] }> {
  const examined = await coverageOf(unsealing, track, { segments, details });
  const replaced: Replaced[] = [];
  for (const segment of touchedBy(span, track, examined.segments)) {
    if (segment.state === 'missing') await mustBeAbsent(unsealing, segment.row);
    const after = await reseal(unsealing, segment, span);
    const { row: before, state } = segment;
    const units = lostOf(segment).reduce((sum, { start, end }) => sum + end - start, 0);
    const lostMs = Math.round((units * 1000) / track.clockRate);
    replaced.push({ before, after, found: state ?? 'whole', lostMs });
  }
  const after = segments.map(
    (segment) => replaced.find(({ before }) => before === segment)?.after ?? segment,
  );
  const coverage =
    replaced.length === 0
      ? examined
      : await coverageOf(unsealing, track, { segments: after, details });
  const absent = examined.segments.filter((segment) => isAbsent(segment, replaced));
  const stretches = absent.flatMap(lostOf).sort((a, b) => a.start - b.start);
  return { replaced, gaps: toldAsBefore(gapsOf(coverage), gaps, stretches) };
}

/** True when the file or key of a segment outside the interval is missing, and may come back. */
function isAbsent(segment: ExaminedSegment, replaced: readonly Replaced[]): boolean {
  const { row, found } = segment;
  if (!row?.wrappedKey || replaced.some(({ before }) => before === row)) return false;
  return faultOf(row, found) === 'absent';
}

/**
 * Keeps what the gap map says of those stretches. If they were marked lost, missing audio would
 * play as silence, and a file that comes back would contradict the map (docs/decisions/0023).
 */
function toldAsBefore(
  gaps: readonly GapRecord[],
  before: readonly GapRecord[],
  stretches: readonly Span[],
): GapRecord[] {
  const kept = gaps.flatMap((gap) => without(spanOf(gap), stretches).map(cutOut(gap)));
  const told = before.flatMap((gap) =>
    stretches.flatMap((stretch) => {
      const start = Math.max(gap.start, stretch.start);
      const end = Math.min(gap.start + gap.length, stretch.end);
      return start < end ? [cutOut(gap)({ start, end })] : [];
    }),
  );
  return [...kept, ...told].sort((a, b) => a.start - b.start);
}

function spanOf({ start, length }: GapRecord): Span {
  return { start, end: start + length };
}

const cutOut =
  (gap: GapRecord) =>
  ({ start, end }: Span): GapRecord => ({ ...gap, start, length: end - start });

function moved(gap: GapRecord, by: number): GapRecord {
  return { ...gap, start: gap.start + by };
}

/** A misnamed bucket, or a proxy before it, reports every object as missing. */
async function mustBeAbsent({ files }: Unsealing, segment: SegmentRecord): Promise<void> {
  const path = segmentFile(segment);
  for await (const listed of files.list(segment.callId)) {
    if (listed.path === path) throw new Error(`${path} is listed, and cannot be opened`);
  }
}

/** Converts a span in ms to units of the track's own clock. */
function unitsOf({ clockRate }: TrackRecord, { start, end }: Span): Span {
  return {
    start: Math.floor((start * clockRate) / 1000),
    end: Math.ceil((end * clockRate) / 1000),
  };
}
