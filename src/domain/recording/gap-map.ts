import { type Span, without } from '../common/span.ts';
import {
  type GapReason,
  type GapRecord,
  type GapSummary,
  gapReasons,
  type ReasonChange,
} from '../model/gap.ts';
import type { TrackRecord } from '../model/track.ts';

/** A stretch of a segment: its audio is there, or the reason why not. */
export interface CoveredSpan extends Span {
  readonly leftOut: GapReason | null;
}

/** The actual contents of one segment, and the reason of its end. */
export interface SegmentCoverage {
  readonly closedBy: GapReason | 'end' | null;
  readonly spans: readonly CoveredSpan[];
  /** Position of its first frame, held or not; without it the contents decide. */
  readonly start?: number | null;
  /** Stretches of audio that are no longer there. */
  readonly lost?: readonly Span[];
}

export interface TrackCoverage {
  readonly callId: string;
  readonly track: number;
  /** From the stream's first packet to its last, kept or not. */
  readonly extent: Span;
  /** Drifting clocks are adjusted in steps shorter than this: no audio is missing. */
  readonly slip: number;
  /** Owner that held the recorder before the first segment. */
  readonly initialReason: GapReason | null;
  readonly reasonChanges: readonly ReasonChange[];
  /**
   * Commands that took effect: they explain the time after a crash, which leaves no other trace. A
   * Start leads to `loss`: audio missing then is missing against everybody's will.
   */
  readonly commands?: readonly ReasonChange[];
  /**
   * A guard of which the recorder did not tell the end accounts for at most `limit` units; audio
   * missing after it has reason `behind`.
   */
  readonly guard?: { readonly limit: number; readonly behind: GapReason };
  /** In the order of their numbers. */
  readonly segments: readonly SegmentCoverage[];
}

/** No packet of audio is shorter. */
const SLIP_MS = 2;

/** Audio this close after the last frame leaves no gap before a Pause: a packet's length. */
const SLIPS_TO_COMMAND = 10;

/** Returns the slip of a track with that RTP clock, Hz. */
export function slipOf(clockRate: number): number {
  return Math.ceil((clockRate * SLIP_MS) / 1000);
}

/**
 * Returns the gap map of one track: everything between its first and its last packet that no
 * segment holds. A gap between two segments has the reason that ended the first, until another
 * owner held; a gap within one was lost on the way, or is `lost` where it was kept once.
 */
export function gapsOf(coverage: TrackCoverage): GapRecord[] {
  const gaps = new GapList(coverage);
  for (const segment of coverage.segments) {
    const stretches = stretchesOf(segment);
    const first = Math.min(segment.start ?? Infinity, stretches[0]?.start ?? Infinity);
    if (Number.isFinite(first)) gaps.beginSegment(Math.min(first, coverage.extent.end));
    for (const stretch of stretches) gaps.cover(stretch);
    gaps.reason = reasonAfter(segment);
  }
  gaps.missing(coverage.extent.end);
  return gaps.list;
}

/** Gaps so far, up to `position`. */
class GapList {
  readonly list: GapRecord[] = [];
  /** Reason for audio missing next, if any. */
  reason: GapReason;
  readonly #coverage: TrackCoverage;
  readonly #changes: readonly ReasonChange[];
  readonly #commands: readonly ReasonChange[];
  readonly #changesAfterCrash: readonly ReasonChange[];
  #position: number;

  constructor(coverage: TrackCoverage) {
    this.#coverage = coverage;
    this.#position = coverage.extent.start;
    this.reason = coverage.initialReason ?? 'loss';
    this.#changes = withEndsOfGuards(coverage);
    this.#commands = coverage.commands ?? [];
    this.#changesAfterCrash = [...this.#changes, ...this.#commands].sort(
      (a, b) => a.position - b.position,
    );
  }

  /** Applies the previous segment's reason up to this segment's first frame, and no longer. */
  beginSegment(start: number): void {
    this.missing(start);
    this.reason = 'loss';
  }

  cover({ start, end, leftOut }: CoveredSpan): void {
    this.missing(start);
    if (leftOut !== null) {
      this.#position = Math.max(this.#position, start);
      this.#add(end, leftOut);
    }
    this.#position = Math.max(this.#position, end);
    this.reason = 'loss';
  }

  /** Marks everything up to `end` as missing. */
  missing(end: number): void {
    if (end - this.#position < this.#coverage.slip) return;
    const changes = this.#changesFor(this.reason);
    if (this.reason === 'restart') this.reason = this.#reasonOfCrash();
    for (const change of changes) {
      if (change.position <= this.#position || change.position >= end) continue;
      this.#add(change.position, this.reason);
      this.reason = change.reason;
    }
    this.#add(end, this.reason);
  }

  /** Returns the reason of a crash, which lost nothing after an answered Pause. */
  #reasonOfCrash(): GapReason {
    const until = this.#position + this.#coverage.slip * SLIPS_TO_COMMAND;
    const last = this.#commands.findLast(({ position }) => position <= until);
    return last && last.reason !== 'loss' ? last.reason : 'restart';
  }

  #changesFor(reason: GapReason): readonly ReasonChange[] {
    if (reason === 'loss') return [];
    return reason === 'restart' ? this.#changesAfterCrash : this.#changes;
  }

  #add(end: number, reason: GapReason): void {
    const { callId, track } = this.#coverage;
    const [start, last] = [this.#position, this.list.at(-1)];
    if (end <= start) return;
    if (last?.reason === reason && last.start + last.length === start) {
      this.list[this.list.length - 1] = { ...last, length: end - last.start };
    } else this.list.push({ callId, track, start, length: end - start, reason });
    this.#position = end;
  }
}

/** What the recorder says follows on a guard, where nobody else held. */
const ENDS_OF_GUARDS: readonly (GapReason | undefined)[] = ['silence', 'loss'];

/** Ends guards of which the recorder did not tell the end: it knows how long it left audio out. */
function withEndsOfGuards({ reasonChanges, guard }: TrackCoverage): readonly ReasonChange[] {
  if (!guard) return reasonChanges;
  return reasonChanges.flatMap((change, index) => {
    const end = change.position + guard.limit;
    const next = reasonChanges[index + 1];
    const isEnded = ENDS_OF_GUARDS.includes(next?.reason) || (next?.position ?? Infinity) <= end;
    if (change.reason !== 'guard' || isEnded) return [change];
    return [change, { position: end, reason: guard.behind }];
  });
}

/** Returns a segment's contents, with its losses where it holds nothing else, in order of time. */
function stretchesOf({ spans, lost = [] }: SegmentCoverage): CoveredSpan[] {
  const held = [...spans].sort((a, b) => a.start - b.start);
  const rest = lost.flatMap((span) => without(span, held));
  return [...held, ...rest.map((span) => ({ ...span, leftOut: 'lost' as const }))].sort(
    (a, b) => a.start - b.start,
  );
}

/** Returns the reason after a segment; one that nobody closed was cut off with its process. */
function reasonAfter({ closedBy }: SegmentCoverage): GapReason {
  if (closedBy === null) return 'restart';
  return closedBy === 'end' ? 'loss' : closedBy;
}

/** Summarises gaps for searches: how much is missing on the worse track, and why. */
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

/** Returns the rows to write when a gap map changes: rows are replaced, never deleted. */
export function replacedGaps(
  before: readonly GapRecord[],
  after: readonly GapRecord[],
): GapRecord[] {
  const kept = new Set(after.map(({ track, start }) => `${track}/${start}`));
  const gone = before.filter(({ track, start }) => !kept.has(`${track}/${start}`));
  return [...after, ...gone.map((gap) => ({ ...gap, length: 0 }))];
}
