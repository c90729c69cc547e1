import {
  type GapReason,
  type GapRecord,
  type GapSummary,
  gapReasons,
  type ReasonChange,
  type TrackRecord,
} from './records.ts';

/** A stretch of samples, from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a segment tells of a stretch: that it holds its audio, or why it does not. */
export interface CoveredSpan extends Span {
  readonly leftOut: GapReason | null;
}

/** What one segment really holds, and what ended it. */
export interface SegmentCoverage {
  readonly closedBy: GapReason | 'end' | null;
  readonly spans: readonly CoveredSpan[];
}

export interface TrackCoverage {
  readonly callId: string;
  readonly track: number;
  /** From the stream's first packet to its last, kept or not. */
  readonly extent: Span;
  /** Clocks that drift are brought together in steps shorter than this: no audio is missing. */
  readonly slip: number;
  /** Who held the recorder before the first segment. */
  readonly initialReason: GapReason | null;
  readonly reasonChanges: readonly ReasonChange[];
  /** In the order of their numbers. */
  readonly segments: readonly SegmentCoverage[];
}

/** No packet of audio is shorter. */
const SLIP_MS = 2;

/** The slip of a track with that RTP clock, Hz. */
export function slipOf(clockRate: number): number {
  return Math.ceil((clockRate * SLIP_MS) / 1000);
}

/**
 * The gap map of one track: everything between its first and its last packet that no segment holds.
 * What is missing between two segments is missing because of what ended the first, until somebody
 * else held on; what is missing within one was lost on the way.
 */
export function gapsOf(coverage: TrackCoverage): GapRecord[] {
  const gaps: GapRecord[] = [];
  const { callId, track, extent } = coverage;
  let position = extent.start;
  let reason: GapReason = coverage.initialReason ?? 'loss';
  const add = (end: number): void => {
    const last = gaps.at(-1);
    if (end <= position) return;
    if (last?.reason === reason && last.start + last.length === position) {
      gaps[gaps.length - 1] = { ...last, length: end - last.start };
    } else gaps.push({ callId, track, start: position, length: end - position, reason });
    position = end;
  };
  const leftOut = (span: CoveredSpan, why: GapReason): void => {
    const before = reason;
    reason = why;
    add(span.end);
    reason = before;
  };
  const missing = (end: number): void => {
    if (end - position < coverage.slip) return;
    for (const change of reason === 'loss' ? [] : coverage.reasonChanges) {
      if (change.position <= position || change.position >= end) continue;
      add(change.position);
      reason = change.reason;
    }
    add(end);
  };
  for (const segment of coverage.segments) {
    for (const span of [...segment.spans].sort((a, b) => a.start - b.start)) {
      missing(span.start);
      if (span.leftOut !== null) {
        position = Math.max(position, span.start);
        leftOut(span, span.leftOut);
      }
      position = Math.max(position, span.end);
      reason = 'loss';
    }
    reason = reasonAfter(segment);
  }
  missing(extent.end);
  return gaps;
}

/** A segment that nobody closed was cut off with its process. */
function reasonAfter({ closedBy }: SegmentCoverage): GapReason {
  if (closedBy === null) return 'restart';
  return closedBy === 'end' ? 'loss' : closedBy;
}

/** What a recording is found by: how much is missing on its worse track, and why. */
export function gapSummary(
  gaps: readonly GapRecord[],
  tracks: readonly Pick<TrackRecord, 'track' | 'clockRate'>[],
): GapSummary {
  const lengths = tracks.map(({ track, clockRate }) => {
    const own = gaps.filter((gap) => gap.track === track);
    return (own.reduce((sum, { length }) => sum + length, 0) * 1000) / clockRate;
  });
  const reasons = new Set(gaps.map(({ reason }) => reason));
  return {
    lengthMs: Math.round(Math.max(0, ...lengths)),
    reasons: gapReasons.filter((reason) => reasons.has(reason)),
  };
}
