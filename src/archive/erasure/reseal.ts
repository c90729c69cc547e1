import { randomBytes } from 'node:crypto';
import { type Span, without as withoutSpans } from '../../domain/common/span.ts';
import type { SealedExtent, SegmentRecord } from '../../domain/model/segment.ts';
import type { TrackRecord } from '../../domain/model/track.ts';
import { KEY_BYTES } from '../../protocols/segment/key-wrap.ts';
import {
  type ChunkHeader,
  extentWith,
  identityBytes,
  MAX_RUNS,
  type Run,
  sealChunk,
  segmentFile,
} from '../../protocols/segment/sealed-chunk.ts';
import type { ExaminedSegment } from '../segment/segment-coverage.ts';
import { type OpenedChunk, SegmentReader, type Unsealing } from '../segment/segment-reader.ts';

/**
 * The Opus packet after an erased one may carry a coarse copy of it (RFC 6716 section 2.1.7). In
 * units of its clock of 48 kHz: no packet is longer.
 */
const OPUS_ECHO_UNITS = 5_760;

/** Bytes per unit of a track's RTP clock; an Opus packet cannot be divided. */
const bytesPerUnit = { PCMU: 1, PCMA: 1, G722: 1, L16: 2, OPUS: undefined } as const;

/** A run with its bytes. */
interface Piece {
  readonly run: Run;
  readonly audio: Buffer;
}

/** A segment that has a row and a key. */
export type Resealable = ExaminedSegment & { readonly row: SegmentRecord };

/**
 * Returns the segments that hold audio of the span (units of the track's clock), or may hold some
 * that cannot be opened: others may be able to read it, so it goes with its key.
 */
export function touchedBy(
  span: Span,
  track: Pick<TrackRecord, 'codec'>,
  segments: readonly ExaminedSegment[],
): Resealable[] {
  return segments.filter((segment, index): segment is Resealable => {
    if (!segment.row?.wrappedKey) return false;
    const { spans, lost, doubt, found } = segment;
    const isOpus = track.codec === 'OPUS' || found.chunks.some(({ codec }) => codec === 'OPUS');
    const reach = isOpus ? withEcho(span) : span;
    const held = spans.filter(({ leftOut }) => leftOut === null);
    const doubtful = doubt ? [between(segments, index, doubt)] : [];
    return [...held, ...lost, ...doubtful].some((own) => touches(own, reach));
  });
}

/** Segments follow one another: the unknown part of one ends where its neighbours begin. */
function between(segments: readonly ExaminedSegment[], index: number, doubt: Span): Span {
  let { start, end } = doubt;
  for (const [at, { spans, start: begun }] of segments.entries()) {
    const known = begun === null ? spans : [{ start: begun, end: begun }, ...spans];
    for (const span of known) {
      if (at < index && doubt.start === -Infinity) start = Math.max(start, span.end);
      if (at > index && doubt.end === Infinity) end = Math.min(end, span.start);
    }
  }
  return { start, end };
}

/**
 * Seals a segment anew under another key without `span` (units of its track's clock), chunk by
 * chunk. Opus packets that touch the span are removed whole; audio that could not be opened is
 * marked lost.
 */
export async function reseal(
  unsealing: Unsealing,
  segment: Resealable,
  span: Span,
): Promise<SegmentRecord> {
  const { row } = segment;
  const next = { ...row, generation: row.generation + 1 };
  const seal = { key: randomBytes(KEY_BYTES), identity: identityBytes(next) };
  let sealed: SealedExtent = { start: row.sealed?.start ?? 0, end: 0, chunks: 0 };
  async function* records(): AsyncGenerator<Buffer> {
    for await (const chunk of chunksOf(unsealing, segment)) {
      for (const { header, audio } of without(chunk, span)) {
        yield sealChunk({ ...seal, header: { ...header, number: sealed.chunks } }, audio);
        sealed = extentWith(sealed, header);
        audio.fill(0);
      }
      chunk.audio.fill(0);
    }
  }
  try {
    await unsealing.files.write(segmentFile(next), records());
    const wrappedKey = unsealing.keys.wrap(seal.key, seal.identity);
    return { ...next, wrappedKey, sealed: sealed.chunks > 0 ? sealed : emptied(row) };
  } finally {
    seal.key.fill(0);
  }
}

/** A segment left without audio keeps its known start. */
function emptied({ sealed }: SegmentRecord): SealedExtent | null {
  return sealed && { start: sealed.start, end: sealed.start, chunks: 0 };
}

/** Yields the existing chunks, then, as chunks of their own, the lost ones. */
async function* chunksOf(unsealing: Unsealing, segment: Resealable): AsyncGenerator<OpenedChunk> {
  const { chunks } = segment.found;
  if (chunks.length > 0) {
    const reader = await SegmentReader.open(unsealing, segment.row, { known: chunks, deep: true });
    if (!reader) throw new Error(`${segmentFile(segment.row)} went away while it was read`);
    try {
      yield* reader.chunks();
    } finally {
      await reader.close();
    }
  }
  const codec = chunks.at(-1)?.codec ?? 'PCMU';
  for (const { start, end } of lostOf(segment)) {
    const run = { kind: 'lost', offset: 0, samples: end - start, bytes: 0 } as const;
    const header = { number: 0, position: start, codec, runs: [run] };
    yield { header, audio: Buffer.alloc(0) };
  }
}

/** Spans of which nothing can be opened, and beside which nothing readable lies. */
export function lostOf({ lost, spans }: ExaminedSegment): Span[] {
  const held = [...spans].sort((a, b) => a.start - b.start);
  const whole = lost.map(({ start, end }) => ({ start: Math.floor(start), end: Math.ceil(end) }));
  return whole.flatMap((span) => withoutSpans(span, held));
}

/**
 * Yields the chunk without the span, as several chunks if cutting makes more runs than one holds.
 */
function* without({ header, audio }: OpenedChunk, span: Span): Generator<Sealable> {
  const pieces: Piece[] = [];
  let at = 0;
  for (const run of header.runs) {
    const own = audio.subarray(at, at + run.bytes);
    at += run.bytes;
    pieces.push(...cut({ run, audio: own }, header, span));
  }
  for (let first = 0; first < pieces.length; first += MAX_RUNS) {
    const some = pieces.slice(first, first + MAX_RUNS);
    yield {
      header: { ...header, runs: some.map(({ run }) => run) },
      audio: Buffer.concat(some.map((piece) => piece.audio)),
    };
  }
}

interface Sealable {
  readonly header: Omit<ChunkHeader, 'number'>;
  readonly audio: Buffer;
}

/** Returns the parts of a run before and after the span, with an erased run between them. */
function cut(piece: Piece, { position, codec }: ChunkHeader, asked: Span): Piece[] {
  const span = codec === 'OPUS' ? withEcho(asked) : asked;
  const { run } = piece;
  const start = position + run.offset;
  const end = start + run.samples;
  if (run.kind !== 'audio' || !touches({ start, end }, span)) return [piece];
  const perUnit = bytesPerUnit[codec];
  const from = perUnit === undefined ? start : Math.max(start, span.start);
  const until = perUnit === undefined ? end : Math.min(end, span.end);
  const part = (begin: number, stop: number): Piece => {
    const audio = piece.audio.subarray(
      (begin - start) * (perUnit ?? 0),
      (stop - start) * (perUnit ?? 0),
    );
    const offset = begin - position;
    return { run: { kind: run.kind, offset, samples: stop - begin, bytes: audio.length }, audio };
  };
  const erased: Run = { kind: 'erased', offset: from - position, samples: until - from, bytes: 0 };
  return [
    ...(from > start ? [part(start, from)] : []),
    { run: erased, audio: Buffer.alloc(0) },
    ...(until < end ? [part(until, end)] : []),
  ];
}

function withEcho({ start, end }: Span): Span {
  return { start, end: end + OPUS_ECHO_UNITS };
}

function touches(own: Span, span: Span): boolean {
  return own.start < span.end && own.end > span.start;
}
