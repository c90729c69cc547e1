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

/** A chunk and what it covers, without its runs: of Opus there are as many as packets. */
export interface KnownChunk extends Span {
  readonly number: number;
  readonly codec: SegmentCodec;
  readonly covers: Span;
  /** What its runs tell; neighbours of one kind are one. */
  readonly spans: readonly CoveredSpan[];
}

/** What a file holds, as far as its chunks open. */
export interface FoundChunks {
  /** By their numbers, each once. */
  readonly chunks: readonly KnownChunk[];
  /** Bytes that are no chunk which opens, or were not looked at because there are too many. */
  readonly damaged: readonly Span[];
  /** The file ends within a record, as a crash leaves it. */
  readonly isCutShort: boolean;
}

/** How a file is looked through. */
export interface ChunkSearch {
  /** Whether a record is what was sealed. */
  opens(record: Buffer): boolean;
  /**
   * Every chunk is opened. Otherwise one whose number and codec follow from the one before is taken
   * by its header, and opened when it is read.
   */
  readonly deep: boolean;
}

/** Headers are looked for in stretches of this length: they hold some dozen chunks of speech. */
const SCAN_BYTES = 262_144;
/**
 * Records that are opened to find where a damaged file goes on, beyond twice the file's own bytes:
 * a file full of false beginnings is given up.
 */
const MAX_FALSE_BYTES = 4_194_304;
/** What looks like a beginning and is none counts as so many. */
const FALSE_HEADER_BYTES = 512;

const magic = Buffer.alloc(4);
magic.writeUInt32BE(CHUNK_MAGIC, 0);

/**
 * By the file's index, where it has one and not every chunk is to be opened, else from header to
 * header. Behind what is damaged it goes on at the next chunk that opens.
 * @param known of a file that grows: what was found of it before
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

/** One look through a file, from its beginning to its end. */
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

  /** @param end where the chunks end: behind it lies an index */
  constructor(file: AudioFile, end: number, search: ChunkSearch) {
    this.#file = file;
    this.#end = end;
    this.#search = search;
    this.#falseBytes = 2 * file.size + MAX_FALSE_BYTES;
  }

  /** What an index names. False where one of them is not there: then the index is no help. */
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

  /** A header that does not follow from the one before is believed when its chunk opens. */
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

  /** The next chunk that opens, behind what is damaged at `start`. */
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
   * From what was read last, or read anew together with what follows.
   * @param more as much of what is there, up to this length
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

/** What each run of a chunk tells, in their order. */
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
