import { type Span, without } from '../../domain/common/span.ts';
import type { CallDetailRecord } from '../../domain/model/call-detail.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { TrackRecord } from '../../domain/model/track.ts';
import { slipOf, type TrackCoverage } from '../../domain/recording/gap-map.ts';
import { receiptsOf, type TrackReceipts } from './receipts.ts';
import { type ExaminedSegment, examine, withoutAnything } from './segment-coverage.ts';
import type { Unsealing } from './segment-reader.ts';

/** Audio of a stream that a crash may lose: a chunk in memory, and one being written. */
const UNSEALED_MS = 2_000;
/** The first frame kept comes within this time after the guard of a Start. */
const LATEST_FIRST_FRAME_MS = 1_000;
/** A shorter hole means no missing chunk. */
const SHORTEST_LOSS_MS = 20;

/** The rows of a track. */
export interface TrackRows {
  /** In numerical order. */
  readonly segments: readonly SegmentRecord[];
  readonly details: readonly CallDetailRecord[];
}

/** The audio a track's files hold and, by rows and receipts, once held. */
export interface ExaminedTrack extends TrackCoverage {
  readonly segments: readonly ExaminedSegment[];
}

export async function coverageOf(
  unsealing: Unsealing,
  track: TrackRecord,
  { segments, details }: TrackRows,
): Promise<ExaminedTrack> {
  const examined: ExaminedSegment[] = [];
  for (const segment of segments) examined.push(await examine(unsealing, segment, track));
  const receipts = receiptsOf(details, track);
  const extent = extentOf(track, [
    ...examined.flatMap(({ spans, lost }) => [...spans, ...lost]),
    ...examined.flatMap(({ start }) => start ?? []).map(pointAt),
    ...receipts.keptUpTo.map(pointAt),
  ]);
  const search = new LostAudio({ track, receipts, extent }, examined);
  for (const segment of examined) search.clipBeginning(segment);
  for (const keptUpTo of receipts.keptUpTo) search.prove(keptUpTo);
  for (const segment of examined) search.takeTail(segment);
  if (segments.every(({ wrappedKey }) => wrappedKey !== null)) search.missAll();
  const { callId, track: number, clockRate, initialReason, reasonChanges } = track;
  return {
    callId,
    track: number,
    extent,
    slip: slipOf(clockRate),
    initialReason,
    reasonChanges,
    commands: receipts.commands,
    segments: search.segments,
    guard: guardOf(track, details),
  };
}

/**
 * Returns how late the first frame after a Start may be. If sequence numbers are missing, later
 * audio counts as lost; else the client had nothing to send.
 */
function guardOf({ track, clockRate, packets }: TrackRecord, details: TrackRows['details']) {
  const receipts = details.flatMap(({ streams }) => streams.filter((one) => one.track === track));
  const longestMs = Math.max(0, ...receipts.map(({ guardMs }) => guardMs ?? 0));
  const limit = ((longestMs + LATEST_FIRST_FRAME_MS) * clockRate) / 1000;
  return { limit, behind: packets.lost > 0 ? ('loss' as const) : ('silence' as const) };
}

function pointAt(position: number): Span {
  return { start: position, end: position };
}

/** Returns the extent the stream reported or, after a crash, the one its segments hold. */
function extentOf(track: TrackRecord, spans: readonly Span[]): Span {
  const starts = spans.map(({ start }) => start);
  const ends = spans.map(({ end }) => end);
  const start = starts.reduce((a, b) => Math.min(a, b), track.startPosition ?? Infinity);
  const end = ends.reduce((a, b) => Math.max(a, b), track.endPosition ?? -Infinity);
  return Number.isFinite(start) && Number.isFinite(end) ? { start, end } : { start: 0, end: 0 };
}

interface Known {
  readonly track: TrackRecord;
  readonly receipts: TrackReceipts;
  readonly extent: Span;
}

/**
 * Looks for audio that was kept once and that the chunk numbers of a segment do not show as lost.
 */
class LostAudio {
  readonly segments: ExaminedSegment[];
  readonly #known: Known;
  readonly #perMs: number;

  constructor(known: Known, segments: readonly ExaminedSegment[]) {
    this.#known = known;
    this.#perMs = known.track.clockRate / 1000;
    this.segments = [...segments];
  }

  /** Clips an estimated beginning: it cannot precede the segment's start. */
  clipBeginning(segment: ExaminedSegment): void {
    const [first] = segment.lost;
    if (segment.start !== null || !first || beginningOf(segment) < first.start) return;
    const before = this.segments.slice(0, this.segments.indexOf(segment));
    const start = Math.max(first.start, this.#begunAfter(this.#endOf(before), first.end));
    segment.lost[0] = { start: Math.min(start, first.end), end: first.end };
  }

  /**
   * Marks audio lost if a receipt proves that it was kept until then, nothing holds it and no crash
   * explains it.
   */
  prove(keptUpTo: number): void {
    const least = SHORTEST_LOSS_MS * this.#perMs;
    const told = this.segments.flatMap(toldBy);
    if (told.some(({ start, end }) => start < keptUpTo && end > keptUpTo - least)) return;
    const from = this.#endOf(this.segments, keptUpTo);
    const start = this.#begunAfter(from, keptUpTo);
    const isBegun = start > from;
    const last = this.segments.findLast((segment) => beginningOf(segment) < keptUpTo);
    const isCrash = last?.closedBy === null && keptUpTo - from <= UNSEALED_MS * this.#perMs;
    if (isCrash || keptUpTo - start < least) return;
    const next = this.segments.indexOf(last as ExaminedSegment) + 1;
    const empty = this.segments.slice(next).find((segment) => toldBy(segment).length === 0);
    const index = empty ? this.segments.indexOf(empty) : next;
    const later = this.segments.slice(next, index).some((segment) => toldBy(segment).length > 0);
    if (last && !isBegun) lose(last, { start, end: keptUpTo });
    else if (empty && !later) lose(empty, { start, end: keptUpTo });
    else this.#insert(next, { start, end: keptUpTo }, 'api');
  }

  /**
   * Marks the unknown end lost: a missing file, or one whose end is not what was sealed, held
   * audio.
   */
  takeTail(segment: ExaminedSegment): void {
    const index = this.segments.indexOf(segment);
    const isUnknown = segment.isGone && segment.closedBy !== null && segment.lost.length === 0;
    if (segment.tailUnits === 0 && !isUnknown) return;
    const { extent, receipts } = this.#known;
    const next = this.segments.slice(index + 1).map(beginningOf);
    const until = next.reduce((a, b) => Math.min(a, b), extent.end);
    const before = this.#endOf(this.segments.slice(0, index));
    const begun = segment.start ?? this.#begunAfter(before, until);
    const start = this.#endOf([segment], until, begun);
    // A later answered Pause tells exactly: unreadable bytes prove the loss of even one packet.
    const keptUpTo = receipts.keptUpTo.find((end) => end > begun && end <= until);
    if (keptUpTo !== undefined && isUnknown) return;
    const end = isUnknown ? until : Math.min(until, start + segment.tailUnits);
    if ((keptUpTo ?? end) > start) lose(segment, { start, end: keptUpTo ?? end });
  }

  /**
   * Marks all lost: packets were kept, and nothing tells where they lay. A crash explains it, which
   * takes with it what was held back.
   */
  missAll(): void {
    const { track, extent } = this.#known;
    const isAny = this.segments.some((segment) => toldBy(segment).length > 0);
    const isCrash = this.segments.some(({ closedBy }) => closedBy === null);
    if (track.packets.kept > 0 && !isAny && !isCrash && extent.end > extent.start) {
      this.#insert(0, extent, null);
    }
  }

  /** Returns the end of the known audio. @param least result if there is none */
  #endOf(
    segments: readonly ExaminedSegment[],
    atMost = Infinity,
    least = this.#known.extent.start,
  ): number {
    const ends = segments.flatMap(toldBy).map(({ end }) => end);
    return ends.filter((end) => end <= atMost).reduce((a, b) => Math.max(a, b), least);
  }

  /** Returns the position of the last Start in between, else `from`. */
  #begunAfter(from: number, until: number): number {
    const start = this.#known.receipts.commands.findLast(
      ({ position, reason }) => reason === 'loss' && position > from && position < until,
    );
    return start?.position ?? from;
  }

  /** Inserts a segment of which not even a row exists. */
  #insert(index: number, span: Span, closedBy: ExaminedSegment['closedBy']): void {
    const inferred = { row: null, closedBy, start: span.start, lost: [span], state: null };
    this.segments.splice(index, 0, { ...withoutAnything(), ...inferred, isGone: true });
  }
}

/** Returns the spans whose time is known, held or lost. */
function toldBy({ spans, lost }: ExaminedSegment): Span[] {
  return [...spans, ...lost];
}

function beginningOf(segment: ExaminedSegment): number {
  const starts = toldBy(segment).map(({ start }) => start);
  return starts.reduce((a, b) => Math.min(a, b), segment.start ?? Infinity);
}

function lose(segment: ExaminedSegment, span: Span): void {
  segment.lost.push(...without(span, segment.lost));
}
