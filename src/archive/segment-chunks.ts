import type { Span } from '../domain/gap-map.ts';
import {
  CHUNK_MAGIC,
  type ChunkHeader,
  type ChunkPlace,
  headerBytes,
  isCutShort,
  MAX_HEADER_BYTES,
  MAX_RECORD_BYTES,
  parseChunkHeader,
} from '../protocols/segment/sealed-chunk.ts';
import {
  encodeIndex,
  INDEX_FOOTER_BYTES,
  parseFooter,
  parseIndex,
} from '../protocols/segment/segment-index.ts';
import type { AudioFile } from './audio-files.ts';

/** A chunk and what it covers: whoever seeks looks at nothing else of it. */
export interface KnownChunk extends ChunkPlace {
  readonly covers: Span;
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
  const index = known.length === 0 ? await readIndex(file) : undefined;
  const scan = new Scan(file, index?.start ?? file.size, search);
  if (index && !search.deep && (await scan.takeAll(index.places))) return scan.found();
  await scan.from(
    known.reduce((end, chunk) => Math.max(end, chunk.end), 0),
    known,
  );
  return scan.found();
}

/**
 * The file's bytes with an index behind them; as it is where it has one already, or where it is not
 * whole: whoever reads it then looks for what is. What a crash cut short stays where it is: this
 * may become the only copy.
 */
export async function withIndex(file: AudioFile): Promise<Buffer> {
  const bytes = await file.read(0, file.size);
  if (await readIndex(file)) return bytes;
  const places: ChunkPlace[] = [];
  let end = 0;
  for (let start = 0; start < bytes.length; start = end) {
    const head = bytes.subarray(start, start + MAX_HEADER_BYTES);
    const place = parseChunkHeader(head, start, bytes.length);
    if (!place || place.header.number !== places.length) break;
    places.push(place);
    end = place.end;
  }
  if (end < bytes.length && !isCutShort(bytes.subarray(end))) return bytes;
  const headers = places.map(({ header, start }) =>
    bytes.subarray(start, start + headerBytes(header)),
  );
  return Buffer.concat([bytes, encodeIndex(places, headers)]);
}

/** Undefined where there is none, or it is not what was written. */
async function readIndex(file: AudioFile) {
  const { size } = file;
  const footer = parseFooter(await file.read(Math.max(0, size - INDEX_FOOTER_BYTES), size), size);
  if (!footer) return undefined;
  const { start, bytes } = footer;
  const places = parseIndex(await file.read(start, start + bytes), footer);
  return places && { start, places };
}

/** One look through a file, from its beginning to its end. */
class Scan {
  readonly #file: AudioFile;
  readonly #end: number;
  readonly #search: ChunkSearch;
  #places: ChunkPlace[] = [];
  #last: ChunkHeader | undefined;
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
  async takeAll(places: readonly ChunkPlace[]): Promise<boolean> {
    for (const place of places) {
      if (!(await this.#isTaken(place))) {
        this.#places = [];
        this.#last = undefined;
        return false;
      }
    }
    return true;
  }

  async from(begin: number, known: readonly ChunkPlace[]): Promise<void> {
    this.#places.push(...known);
    this.#last = known.at(-1)?.header;
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
    for (const place of this.#places) {
      const { number } = place.header;
      if (!byNumber.has(number)) byNumber.set(number, { ...place, covers: coverOf(place.header) });
    }
    const chunks = [...byNumber.values()].sort((a, b) => a.header.number - b.header.number);
    return { chunks, damaged: this.#damaged, isCutShort: this.#isCutShort };
  }

  /** A header that does not follow from the one before is believed when its chunk opens. */
  async #isTaken(place: ChunkPlace): Promise<boolean> {
    const { number, codec } = place.header;
    const follows = number === (this.#last?.number ?? -1) + 1 && codec === this.#last?.codec;
    if ((this.#search.deep || !follows) && !(await this.#opens(place))) return false;
    this.#places.push(place);
    this.#last = place.header;
    return true;
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
        this.#places.push(place);
        this.#last = place.header;
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

function coverOf({ position, runs }: ChunkHeader): Span {
  let [start, end] = [Infinity, -Infinity];
  for (const run of runs) {
    start = Math.min(start, position + run.offset);
    end = Math.max(end, position + run.offset + run.samples);
  }
  return { start, end };
}
