import type { Span } from '../../domain/common/span.ts';
import type { CoveredSpan } from '../../domain/recording/gap-map.ts';
import {
  CHUNK_MAGIC,
  type ChunkHeader,
  type ChunkPlace,
  isCutShort,
  MAX_HEADER_BYTES,
  MAX_RECORD_BYTES,
  parseChunkHeader,
  type SegmentCodec,
} from '../../protocols/segment/sealed-chunk.ts';
import type { AudioFile } from '../files/audio-files.ts';
import { readIndex } from '../files/indexed-file.ts';

/** A chunk and its span, without its runs: Opus has one per packet. */
export interface KnownChunk extends Span {
  readonly number: number;
  readonly codec: SegmentCodec;
  readonly covers: Span;
  /** The spans of its runs; neighbours of one kind are merged. */
  readonly spans: readonly CoveredSpan[];
}

/** The chunks of a file that open. */
export interface FoundChunks {
  /** In numerical order, each once. */
  readonly chunks: readonly KnownChunk[];
  /** Bytes that are no chunk that opens, or were not examined because there are too many. */
  readonly damaged: readonly Span[];
  /** True when the file ends within a record, as after a crash. */
  readonly isCutShort: boolean;
}

/** Options of a search for chunks. */
export interface ChunkSearch {
  /** Returns true if a record is what was sealed. */
  opens(record: Buffer): boolean;
  /**
   * True when every chunk is to be opened. Otherwise a chunk whose number and codec follow from the
   * previous one is accepted by its header, and opened when it is read.
   */
  readonly deep: boolean;
}

/** Headers are sought in stretches of this length, which hold some dozen chunks of speech. */
const SCAN_BYTES = 262_144;
/**
 * Bytes opened, beyond twice the file's size, to find where a damaged file continues: a file full
 * of false headers is given up.
 */
const MAX_FALSE_BYTES = 4_194_304;
/** Bytes that a false header counts as. */
const FALSE_HEADER_BYTES = 512;

const magic = Buffer.alloc(4);
magic.writeUInt32BE(CHUNK_MAGIC, 0);

/**
 * Finds chunks by the file's index, if it has one and not every chunk is to be opened, else from
 * header to header. After damage the search continues at the next chunk that opens.
 * @param known chunks found earlier in a growing file
 */
export async function findChunks(
  file: AudioFile,
  search: ChunkSearch,
  known: readonly KnownChunk[] = [],
): Promise<FoundChunks> {
  const index = await readIndex(file);
  const scan = new Scan(file, index?.start ?? file.size, search);
  const isIndexed = index && !search.deep && known.length === 0;
  if (isIndexed && (await scan.takeAll(index.places()))) return scan.found();
  await scan.from(
    known.reduce((end, chunk) => Math.max(end, chunk.end), 0),
    known,
  );
  return scan.found();
}

/** One pass through a file, from beginning to end. */
class Scan {
  readonly #file: AudioFile;
  readonly #end: number;
  readonly #search: ChunkSearch;
  #chunks: KnownChunk[] = [];
  #last: Pick<ChunkHeader, 'number' | 'codec'> | undefined;
  #damaged: Span[] = [];
  #isCutShort = false;
  #block: Buffer = Buffer.alloc(0);
  #blockStart = 0;
  #falseBytes: number;

  /** @param end of the chunks: an index follows */
  constructor(file: AudioFile, end: number, search: ChunkSearch) {
    this.#file = file;
    this.#end = end;
    this.#search = search;
    this.#falseBytes = 2 * file.size + MAX_FALSE_BYTES;
  }

  /**
   * Takes the chunks that an index names. Returns false if one is missing: the index is useless
   * then.
   */
  async takeAll(places: Iterable<ChunkPlace>): Promise<boolean> {
    for (const place of places) {
      if (!(await this.#isTaken(place))) {
        this.#chunks = [];
        this.#last = undefined;
        return false;
      }
    }
    return true;
  }

  async from(begin: number, known: readonly KnownChunk[]): Promise<void> {
    this.#chunks = [...known];
    this.#last = known.at(-1);
    for (let start = begin; start < this.#end; ) {
      const place = await this.#placeAt(start);
      if (place && (await this.#isTaken(place))) {
        start = place.end;
        continue;
      }
      const next = await this.#nextAfter(start);
      const until = next?.start ?? this.#end;
      this.#isCutShort = !next && (await this.#endsWithinRecord(start));
      if (!this.#isCutShort) this.#damaged.push({ start, end: until });
      start = next?.end ?? this.#end;
    }
  }

  found(): FoundChunks {
    const byNumber = new Map<number, KnownChunk>();
    for (const chunk of this.#chunks) {
      if (!byNumber.has(chunk.number)) byNumber.set(chunk.number, chunk);
    }
    const chunks = [...byNumber.values()].sort((a, b) => a.number - b.number);
    return { chunks, damaged: this.#damaged, isCutShort: this.#isCutShort };
  }

  /** A header that does not follow from the previous one is believed only if its chunk opens. */
  async #isTaken(place: ChunkPlace): Promise<boolean> {
    const { number, codec } = place.header;
    const follows = number === (this.#last?.number ?? -1) + 1 && codec === this.#last?.codec;
    if ((this.#search.deep || !follows) && !(await this.#opens(place))) return false;
    this.#take(place);
    return true;
  }

  #take({ header, start, end }: ChunkPlace): void {
    const { number, codec } = header;
    const spans = spansOf(header);
    this.#chunks.push({ number, codec, start, end, covers: coverOf(spans), spans });
    this.#last = header;
  }

  async #opens({ start, end }: ChunkPlace): Promise<boolean> {
    return this.#search.opens(await this.#bytes(start, end));
  }

  async #placeAt(start: number): Promise<ChunkPlace | undefined> {
    const head = await this.#bytes(start, start + MAX_HEADER_BYTES);
    return parseChunkHeader(head, start, this.#end);
  }

  /** Returns the next chunk that opens, after damage at `start`. */
  async #nextAfter(start: number): Promise<ChunkPlace | undefined> {
    for (let at = start + 1; at + magic.length <= this.#end; ) {
      const block = await this.#bytes(at, at + MAX_HEADER_BYTES, SCAN_BYTES);
      const hit = block.indexOf(magic);
      if (hit < 0) {
        at += Math.max(1, block.length - magic.length + 1);
        continue;
      }
      const place = await this.#placeAt(at + hit);
      this.#falseBytes -= place ? place.end - place.start : FALSE_HEADER_BYTES;
      if (this.#falseBytes < 0) return undefined;
      if (place && (await this.#opens(place))) {
        this.#take(place);
        return place;
      }
      at += hit + 1;
    }
    return undefined;
  }

  async #endsWithinRecord(start: number): Promise<boolean> {
    const isShort = this.#end - start < MAX_RECORD_BYTES;
    return isShort && isCutShort(await this.#bytes(start, this.#end));
  }

  /**
   * Returns bytes from the last read, or rereads them together with what follows.
   * @param more bytes to return if present, up to this length
   */
  async #bytes(start: number, end: number, more = 0): Promise<Buffer> {
    const until = Math.min(end, this.#end);
    if (start < this.#blockStart || until > this.#blockStart + this.#block.length) {
      const ahead = Math.min(this.#end, Math.max(until, start + SCAN_BYTES));
      this.#block = await this.#file.read(start, ahead);
      this.#blockStart = start;
    }
    const from = start - this.#blockStart;
    return this.#block.subarray(from, Math.max(until - this.#blockStart, from + more));
  }
}

/** Returns the spans of a chunk's runs, in order. */
function spansOf({ position, runs }: ChunkHeader): CoveredSpan[] {
  const spans: CoveredSpan[] = [];
  for (const { kind, offset, samples } of runs) {
    const leftOut = kind === 'audio' ? null : kind;
    const last = spans.at(-1);
    const goesOn = last?.leftOut === leftOut && last.end === position + offset;
    const start = goesOn ? last.start : position + offset;
    if (goesOn) spans.pop();
    spans.push({ start, end: position + offset + samples, leftOut });
  }
  return spans;
}

function coverOf(spans: readonly CoveredSpan[]): Span {
  let [start, end] = [Infinity, -Infinity];
  for (const span of spans) {
    start = Math.min(start, span.start);
    end = Math.max(end, span.end);
  }
  return { start, end };
}
