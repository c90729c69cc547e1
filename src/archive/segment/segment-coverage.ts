import type { Span } from '../../domain/common/span.ts';
import type { FoundState } from '../../domain/model/erasure.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { TrackRecord } from '../../domain/model/track.ts';
import type { SegmentCoverage } from '../../domain/recording/gap-map.ts';
import { SealedKeyError } from '../../protocols/segment/key-ring.ts';
import type { SegmentCodec } from '../../protocols/segment/sealed-chunk.ts';
import { codecShapes } from './run-decoder.ts';
import type { FoundChunks } from './segment-chunks.ts';
import { SegmentReader, type Unsealing } from './segment-reader.ts';

/** The audio a segment holds and once held, with estimates where it is not known exactly. */
export interface ExaminedSegment extends SegmentCoverage {
  /** Null if only receipts tell of it. */
  readonly row: SegmentRecord | null;
  readonly start: number | null;
  readonly lost: Span[];
  /** Clock units that its unreadable last bytes stood for, if nothing tells exactly. */
  readonly tailUnits: number;
  /** True when it has a key but no file, or none that the key opens. */
  readonly isGone: boolean;
  /** Null if its key was destroyed. */
  readonly state: FoundState | null;
  /** Span that may hold audio that cannot be opened now; null if there is none. */
  readonly doubt: Span | null;
  readonly found: FoundChunks;
}

const nothingFound: FoundChunks = { chunks: [], damaged: [], isCutShort: false };

/** Most damaged places named. */
const MAX_WORDS = 8;
/** Lower bound for Opus, whose packets must be opened to know: 6 kbit/s, RFC 6716 section 2.1.1. */
const LEAST_OPUS_BYTES_PER_MS = 0.75;

/** Opens every chunk of a segment, and compares them with its row. */
export async function examine(
  unsealing: Unsealing,
  segment: SegmentRecord,
  track: TrackRecord,
): Promise<ExaminedSegment> {
  const { closedBy, sealed } = segment;
  const told = { row: segment, closedBy, start: sealed?.start ?? null };
  if (!segment.wrappedKey) return { ...told, ...withoutAnything(), state: null };
  const found = await opened(unsealing, segment);
  if (typeof found === 'string') {
    const lost = holesOf(nothingFound, segment);
    const doubt = doubtOf(undefined, segment);
    return { ...told, ...withoutAnything(), lost, isGone: true, state: found, doubt };
  }
  return {
    ...told,
    spans: found.chunks.flatMap(({ spans }) => spans),
    lost: holesOf(found, segment),
    tailUnits: tailOf(found, segment, track),
    isGone: false,
    state: damageOf(found, segment) === undefined ? 'whole' : 'damaged',
    doubt: doubtOf(found, segment),
    found,
  };
}

/** Returns the coverage of a segment of which nothing but its existence is known. */
export function withoutAnything() {
  const lost: Span[] = [];
  return { spans: [], lost, tailUnits: 0, isGone: false, doubt: null, found: nothingFound };
}

async function opened(unsealing: Unsealing, segment: SegmentRecord) {
  try {
    const reader = await SegmentReader.open(unsealing, segment, { deep: true });
    await reader?.close();
    return reader ? reader.found : 'missing';
  } catch (cause) {
    if (cause instanceof SealedKeyError) return 'unopened';
    throw cause;
  }
}

/**
 * Returns the span that numbers cannot rule out: a file with an unreadable end may go on, and a
 * missing file may hold anything that its row allows.
 */
function doubtOf(found: FoundChunks | undefined, { closedBy, sealed }: SegmentRecord): Span | null {
  const begins = sealed?.start ?? -Infinity;
  const ends = closedBy !== null && sealed ? sealed.end : Infinity;
  const { chunks, damaged, isCutShort } = found ?? nothingFound;
  const lastByte = chunks.reduce((end, chunk) => Math.max(end, chunk.end), 0);
  const mayGoOn = !found || isCutShort || damaged.some(({ end }) => end > lastByte);
  const [first] = chunks;
  if (!first) return mayGoOn ? { start: begins, end: ends } : null;
  const behind = chunks.reduce((end, { covers }) => Math.max(end, covers.end), begins);
  const start = first.number > 0 && !sealed ? begins : behind;
  const end = mayGoOn && ends === Infinity ? ends : first.covers.start;
  return start < end ? { start, end } : null;
}

/** Returns the spans of missing chunks, by their numbers. */
export function holesOf({ chunks }: FoundChunks, { closedBy, sealed }: SegmentRecord): Span[] {
  const holes: Span[] = [];
  const longest = chunks.reduce((most, { covers }) => Math.max(most, covers.end - covers.start), 0);
  let next = 0;
  let end = sealed?.start;
  for (const { number, covers } of chunks) {
    const missed = number - next;
    const start = end ?? covers.start - missed * longest;
    if (missed > 0 && start < covers.start) holes.push({ start, end: covers.start });
    next = number + 1;
    end = Math.max(end ?? covers.end, covers.end);
  }
  if (closedBy === null || !sealed || next >= sealed.chunks) return holes;
  return [...holes, { start: end ?? sealed.start, end: sealed.end }].filter(
    (hole) => hole.start < hole.end,
  );
}

/** Estimates the audio after the last chunk that opens, if the row does not tell. */
function tailOf(found: FoundChunks, segment: SegmentRecord, track: TrackRecord): number {
  if (segment.closedBy !== null && segment.sealed) return 0;
  const lastEnd = found.chunks.reduce((end, chunk) => Math.max(end, chunk.end), 0);
  const bytes = found.damaged
    .filter(({ start }) => start >= lastEnd)
    .reduce((sum, { start, end }) => sum + end - start, 0);
  const codec: SegmentCodec = found.chunks.at(-1)?.codec ?? track.codec;
  const perUnit = codecShapes[codec].bytesPerUnit;
  const perOpusUnit = (LEAST_OPUS_BYTES_PER_MS * 1000) / track.clockRate;
  return Math.ceil(bytes / (perUnit ?? perOpusUnit));
}

/** Describes how a file differs from what was sealed; undefined if it does not. */
export function damageOf(found: FoundChunks, { closedBy, sealed }: SegmentRecord) {
  const { chunks, damaged, isCutShort } = found;
  const words: string[] = [];
  let next = 0;
  for (const { number } of chunks) {
    if (number > next) words.push(chunksNamed(next, number));
    next = number + 1;
  }
  const isClosed = closedBy !== null;
  if (isClosed && sealed && sealed.chunks > next) words.push(chunksNamed(next, sealed.chunks));
  for (const { start, end } of damaged) words.push(`bytes ${start} to ${end - 1} are no chunk`);
  if (isCutShort && isClosed) words.push('it ends within a chunk');
  const [first, ...more] = words;
  return more.length > MAX_WORDS
    ? `${first}, and ${more.length} more`
    : words.join('; ') || undefined;
}

function chunksNamed(first: number, end: number): string {
  return end - first === 1 ? `chunk ${first} is lost` : `chunks ${first} to ${end - 1} are lost`;
}
