import type { Span } from '../../domain/common/span.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { CoveredSpan } from '../../domain/recording/gap-map.ts';
import type { KeyRing } from '../../protocols/segment/key-ring.ts';
import {
  type ChunkHeader,
  identityBytes,
  openChunk,
  parseChunkHeader,
  type RunKind,
  type SegmentCodec,
  segmentFile,
} from '../../protocols/segment/sealed-chunk.ts';
import type { AudioFile, AudioFiles } from '../files/audio-files.ts';
import { type FoundChunks, findChunks, type KnownChunk } from './segment-chunks.ts';

/** The files of sealed audio and the key ring that opens them. */
export interface Unsealing {
  readonly files: AudioFiles;
  readonly keys: KeyRing;
}

/** A stretch of encoded audio on the call's clock, or of audio left out, which has no bytes. */
export interface AudioRun {
  readonly kind: RunKind;
  /** Units of the track's RTP clock; so is `samples`. */
  readonly position: number;
  readonly samples: number;
  readonly codec: SegmentCodec;
  readonly audio: Buffer;
}

/** A stored chunk, opened. */
export interface OpenedChunk {
  /** As it was sealed. */
  readonly header: ChunkHeader;
  /** Audio of all its runs, one after the other. */
  readonly audio: Buffer;
}

interface Seal {
  readonly key: Buffer;
  readonly identity: Buffer;
}

export interface OpenOptions {
  /** The `places` of an earlier reader of a segment still being written. */
  readonly known?: readonly KnownChunk[];
  /** True when every chunk is to be opened: one that does not open does not count as held. */
  readonly deep?: boolean;
}

/**
 * Reads one segment's file. Headers are found first, audio is opened chunk by chunk on demand. A
 * chunk that is not what was sealed counts as missing; those after it are still found.
 */
export class SegmentReader {
  readonly #file: AudioFile;
  readonly #seal: Seal;
  readonly #found: FoundChunks;
  readonly #unopened = new Set<Span>();

  private constructor(file: AudioFile, found: FoundChunks, seal: Seal) {
    this.#file = file;
    this.#found = found;
    this.#seal = seal;
  }

  /**
   * Opens a segment's file; returns undefined if the segment has no key any more, or no file
   * because a crash came before its first chunk.
   * @throws SealedKeyError
   */
  static async open(
    { files, keys }: Unsealing,
    segment: SegmentRecord,
    { known = [], deep = false }: OpenOptions = {},
  ): Promise<SegmentReader | undefined> {
    if (!segment.wrappedKey) return undefined;
    const file = await files.open(segmentFile(segment));
    if (!file) return undefined;
    const identity = identityBytes(segment);
    try {
      const seal = { key: keys.unwrap(segment.wrappedKey, identity), identity };
      const opens = (record: Buffer) => opened(record, seal)?.audio.fill(0) !== undefined;
      return new SegmentReader(file, await findChunks(file, { opens, deep }, known), seal);
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  get places(): readonly KnownChunk[] {
    return this.#found.chunks;
  }

  /** The chunks found, and the bytes examined that are no chunk that opens. */
  get found(): FoundChunks {
    return this.#found;
  }

  /** Spans of chunks read so far that did not open. */
  get unopened(): readonly Span[] {
    return [...this.#unopened];
  }

  get spans(): CoveredSpan[] {
    return this.places.flatMap(({ spans }) => spans);
  }

  get codecs(): SegmentCodec[] {
    return [...new Set(this.places.map(({ codec }) => codec))];
  }

  /** Yields the runs of every chunk that touches `span` and opens. */
  async *read(span: Span): AsyncGenerator<AudioRun> {
    for (const chunk of this.places) {
      if (chunk.covers.start >= span.end || chunk.covers.end <= span.start) continue;
      const found = await this.#open(chunk);
      if (!found) {
        this.#unopened.add(chunk.covers);
        continue;
      }
      const { position: base, codec, runs } = found.header;
      let at = 0;
      for (const { kind, offset, samples, bytes } of runs) {
        const position = base + offset;
        yield { kind, position, samples, codec, audio: found.audio.subarray(at, at + bytes) };
        at += bytes;
      }
    }
  }

  /** Yields every chunk that opens, in order. */
  async *chunks(): AsyncGenerator<OpenedChunk> {
    for (const chunk of this.places) {
      const found = await this.#open(chunk);
      if (found) yield found;
    }
  }

  async close(): Promise<void> {
    this.#seal.key.fill(0);
    await this.#file.close();
  }

  async #open({ start, end }: KnownChunk): Promise<OpenedChunk | undefined> {
    return opened(await this.#file.read(start, end), this.#seal);
  }
}

/**
 * Opens a record by its own header, which its seal authenticates; undefined if it was not sealed
 * so.
 */
function opened(record: Buffer, seal: Seal): OpenedChunk | undefined {
  const place = parseChunkHeader(record, 0, record.length);
  if (!place || place.end !== record.length) return undefined;
  try {
    return { header: place.header, audio: openChunk(record, place, seal) };
  } catch {
    return undefined;
  }
}
