import type { Resealed } from '../domain/archive-port.ts';
import type { FoundState } from '../domain/erasure.ts';
import { gapsOf, type Span } from '../domain/gap-map.ts';
import type { GapRecord, SegmentRecord, TrackRecord } from '../domain/records.ts';
import { segmentFile } from '../protocols/segment/sealed-chunk.ts';
import { originOf, type RecordingRows } from './finished-recording.ts';
import { lostOf, reseal, touchedBy } from './reseal.ts';
import type { Unsealing } from './segment-reader.ts';
import { coverageOf } from './track-coverage.ts';

/** A segment, what was found of it, and what takes its place. */
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
 * Seals each track anew without the interval, beside what is there. A track that cannot be looked
 * at now keeps no other from it; what is missing or damaged for good goes with its key.
 * @param interval ms from the beginning of the recording
 */
export async function withoutInterval(
  unsealing: Unsealing,
  { tracks, segments, details }: RecordingRows,
  interval: Span,
): Promise<IntervalErased> {
  const origin = originOf(tracks);
  const replaced: Replaced[] = [];
  const done: number[] = [];
  const gaps: GapRecord[] = [];
  let failure: unknown;
  for (const track of tracks) {
    const own = segments.filter((segment) => segment.track === track.track);
    try {
      const erased = await trackWithout(unsealing, track, {
        ...{ segments: own, details },
        span: unitsOf(track, { start: origin + interval.start, end: origin + interval.end }),
      });
      const first = Math.round((origin * track.clockRate) / 1000);
      replaced.push(...erased.replaced);
      gaps.push(...erased.gaps.map((gap) => ({ ...gap, start: gap.start - first })));
      done.push(track.track);
    } catch (cause) {
      failure ??= cause;
    }
  }
  return { replaced, gaps, tracks: done, ...(failure === undefined ? {} : { failure }) };
}

async function trackWithout(
  unsealing: Unsealing,
  track: TrackRecord,
  { span, segments, details }: Pick<RecordingRows, 'segments' | 'details'> & { span: Span },
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
  return { replaced, gaps: gapsOf(coverage) };
}

/** A bucket with another name, or a proxy before it, says of everything that it is not there. */
async function mustBeAbsent({ files }: Unsealing, segment: SegmentRecord): Promise<void> {
  const path = segmentFile(segment);
  for await (const listed of files.list(segment.callId)) {
    if (listed.path === path) throw new Error(`${path} is listed, and cannot be opened`);
  }
}

/** On the track's own clock. */
function unitsOf({ clockRate }: TrackRecord, { start, end }: Span): Span {
  return {
    start: Math.floor((start * clockRate) / 1000),
    end: Math.ceil((end * clockRate) / 1000),
  };
}
