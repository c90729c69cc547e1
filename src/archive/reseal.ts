import { randomBytes } from 'node:crypto';
import type { Span } from '../domain/gap-map.ts';
import type { SealedExtent, SegmentRecord } from '../domain/records.ts';
import { KEY_BYTES } from '../protocols/segment/key-wrap.ts';
import {
  type ChunkHeader,
  extentWith,
  identityBytes,
  MAX_RUNS,
  type Run,
  sealChunk,
  segmentFile,
} from '../protocols/segment/sealed-chunk.ts';
import { holesOf } from './segment-coverage.ts';
import { type OpenedChunk, SegmentReader, type Unsealing } from './segment-reader.ts';

/**
 * The Opus packet behind an erased one may carry a coarse copy of it (RFC 6716 section 2.1.7).
 * Units of its clock, of 48 kHz: no packet is longer.
 */
const OPUS_ECHO_UNITS = 5_760;

/** Bytes of one unit of a track's RTP clock; an Opus packet is one whole. */
const bytesPerUnit = { PCMU: 1, PCMA: 1, G722: 1, L16: 2, OPUS: undefined } as const;

/** A run and its bytes. */
interface Piece {
  readonly run: Run;
  readonly audio: Buffer;
}

/**
 * Seals a segment anew, under another key, without what lies in `span` (units of its track's
 * clock). Opus packets that touch it go whole. Undefined where the segment holds no audio there.
 */
export async function reseal(
  unsealing: Unsealing,
  segment: SegmentRecord,
  span: Span,
): Promise<SegmentRecord | undefined> {
  const reader = await SegmentReader.open(unsealing, segment, { deep: true });
  if (!reader) return undefined;
  try {
    const reach = reader.codecs.includes('OPUS') ? withEcho(span) : span;
    const lost = holesOf(reader.found, segment);
    // What is damaged is not unreadable to everybody: it goes with its key.
    const own = [...reader.spans.filter(({ leftOut }) => leftOut === null), ...lost];
    if (!own.some((one) => touches(one, reach))) return undefined;
    const next = { ...segment, generation: segment.generation + 1 };
    const seal = { key: randomBytes(KEY_BYTES), identity: identityBytes(next) };
    const records: Buffer[] = [];
    let sealed: SealedExtent = { start: 0, end: 0, chunks: 0 };
    for await (const chunk of chunksOf(reader, lost)) {
      for (const { header, audio } of without(chunk, span)) {
        records.push(sealChunk({ ...seal, header: { ...header, number: records.length } }, audio));
        sealed = extentWith(sealed, header);
        audio.fill(0);
      }
      chunk.audio.fill(0);
    }
    await unsealing.files.write(segmentFile(next), Buffer.concat(records));
    const wrappedKey = unsealing.keys.wrap(seal.key, seal.identity);
    seal.key.fill(0);
    return { ...next, wrappedKey, sealed };
  } finally {
    await reader.close();
  }
}

/** What is there, and behind it, as chunks of their own, what was. */
async function* chunksOf(
  reader: SegmentReader,
  lost: readonly Span[],
): AsyncGenerator<OpenedChunk> {
  yield* reader.chunks();
  const codec = reader.codecs.at(-1) ?? 'PCMU';
  for (const { start, end } of lost) {
    const run = { kind: 'lost', offset: 0, samples: end - start, bytes: 0 } as const;
    const header = { number: 0, position: start, codec, runs: [run] };
    yield { header, audio: Buffer.alloc(0) };
  }
}

/** The chunk without it: one chunk, or more where cutting makes more runs than one holds. */
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

/** What stays of a run before and behind the span, and between them that it was erased. */
function cut(piece: Piece, { position, codec }: ChunkHeader, asked: Span): Piece[] {
  const span = codec === 'OPUS' ? withEcho(asked) : asked;
  const { run } = piece;
  const start = position + run.offset;
  const end = start + run.samples;
  const isThere = run.kind === 'audio' || run.kind === 'lost';
  if (!isThere || !touches({ start, end }, span)) return [piece];
  const perUnit = run.kind === 'lost' ? 0 : bytesPerUnit[codec];
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
