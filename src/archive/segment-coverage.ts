import type { SegmentCoverage, Span } from '../domain/gap-map.ts';
import type { SegmentRecord, TrackRecord } from '../domain/records.ts';
import type { SegmentCodec } from '../protocols/segment/sealed-chunk.ts';
import { codecShapes } from './run-decoder.ts';
import type { FoundChunks } from './segment-chunks.ts';
import { SegmentReader, type Unsealing } from './segment-reader.ts';

/** What a segment holds, what it held once, and where that is not known exactly, about how much. */
export interface ExaminedSegment extends SegmentCoverage {
  readonly start: number | null;
  readonly lost: Span[];
  /** Units of the clock that its unreadable last bytes stood for, where nothing tells exactly. */
  readonly tailUnits: number;
  /** It has a key, and no file. */
  readonly isGone: boolean;
}

/** Of what is damaged, so much is named. */
const MAX_WORDS = 8;
/** Of a packet of Opus nobody knows without opening it: 6 kbit/s, RFC 6716 section 2.1.1. */
const LEAST_OPUS_BYTES_PER_MS = 0.75;

/** Opens every chunk of a segment, and compares them with what its row says of it. */
export async function examine(
  unsealing: Unsealing,
  segment: SegmentRecord,
  track: TrackRecord,
): Promise<ExaminedSegment> {
  const { closedBy, sealed } = segment;
  const reader = await SegmentReader.open(unsealing, segment, { deep: true });
  try {
    const spans = reader?.spans ?? [];
    const isGone = segment.wrappedKey !== null && !reader;
    const start = sealed?.start ?? null;
    if (!segment.wrappedKey) return { closedBy, spans, start, lost: [], tailUnits: 0, isGone };
    const found = reader?.found ?? { chunks: [], damaged: [], isCutShort: false };
    const lost = holesOf(found, segment);
    return { closedBy, spans, start, lost, tailUnits: tailOf(found, segment, track), isGone };
  } finally {
    await reader?.close();
  }
}

/** Where chunks are missing, by their numbers. */
export function holesOf({ chunks }: FoundChunks, { closedBy, sealed }: SegmentRecord): Span[] {
  const holes: Span[] = [];
  const longest = Math.max(0, ...chunks.map(({ covers }) => covers.end - covers.start));
  let next = 0;
  let end = sealed?.start;
  for (const { header, covers } of chunks) {
    const missed = header.number - next;
    const start = end ?? covers.start - missed * longest;
    if (missed > 0 && start < covers.start) holes.push({ start, end: covers.start });
    next = header.number + 1;
    end = Math.max(end ?? covers.end, covers.end);
  }
  if (closedBy === null || !sealed || next >= sealed.chunks) return holes;
  return [...holes, { start: end ?? sealed.start, end: sealed.end }].filter(
    (hole) => hole.start < hole.end,
  );
}

/** What stood behind the last chunk that opens, where the row does not tell. */
function tailOf(found: FoundChunks, segment: SegmentRecord, track: TrackRecord): number {
  if (segment.closedBy !== null && segment.sealed) return 0;
  const lastEnd = found.chunks.reduce((end, chunk) => Math.max(end, chunk.end), 0);
  const bytes = found.damaged
    .filter(({ start }) => start >= lastEnd)
    .reduce((sum, { start, end }) => sum + end - start, 0);
  const codec: SegmentCodec = found.chunks.at(-1)?.header.codec ?? track.codec;
  const perUnit = codecShapes[codec].bytesPerUnit;
  const perOpusUnit = (LEAST_OPUS_BYTES_PER_MS * 1000) / track.clockRate;
  return Math.ceil(bytes / (perUnit ?? perOpusUnit));
}

/** What of a file is not as it was sealed, in words; undefined where all is. */
export function damageOf(found: FoundChunks, { closedBy, sealed }: SegmentRecord) {
  const { chunks, damaged, isCutShort } = found;
  const words: string[] = [];
  let next = 0;
  for (const { header } of chunks) {
    if (header.number > next) words.push(chunksNamed(next, header.number));
    next = header.number + 1;
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
