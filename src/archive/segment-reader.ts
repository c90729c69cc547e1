import type { CoveredSpan, Span } from '../domain/gap-map.ts';
import type { SegmentRecord } from '../domain/records.ts';
import type { KeyRing } from '../protocols/segment/key-ring.ts';
import {
  type ChunkPlace,
  identityBytes,
  openChunk,
  type RunKind,
  type SegmentCodec,
  segmentFile,
} from '../protocols/segment/sealed-chunk.ts';
import type { AudioFile, AudioFiles } from './audio-files.ts';
import { findChunks, type KnownChunk } from './segment-chunks.ts';

/** What sealed audio is opened with: where it lies, and its keys' key. */
export interface Unsealing {
  readonly files: AudioFiles;
  readonly keys: KeyRing;
}

/** One stretch of encoded audio on the call's clock, or of what was left out: without bytes. */
export interface AudioRun {
  readonly kind: RunKind;
  /** Units of the track's RTP clock, as are its samples. */
  readonly position: number;
  readonly samples: number;
  readonly codec: SegmentCodec;
  readonly audio: Buffer;
}

/** A chunk as it was stored, opened. */
export interface OpenedChunk {
  readonly place: ChunkPlace;
  /** Of all its runs, one after the other. */
  readonly audio: Buffer;
}

/** Reads one segment's file. Headers are found first, audio is opened chunk by chunk on demand. */
export class SegmentReader {
  readonly #file: AudioFile;
  readonly #key: Buffer;
  readonly #identity: Buffer;
  readonly #chunks: readonly KnownChunk[];

  private constructor(
    file: AudioFile,
    chunks: readonly KnownChunk[],
    seal: { key: Buffer; identity: Buffer },
  ) {
    this.#file = file;
    this.#chunks = chunks;
    this.#key = seal.key;
    this.#identity = seal.identity;
  }

  /**
   * Undefined when the segment has no key any more, or no file: a crash came before its first
   * chunk.
   * @param known of a segment that is still written: the `places` of a reader before this one
   */
  static async open(
    { files, keys }: Unsealing,
    segment: SegmentRecord,
    known?: readonly KnownChunk[],
  ): Promise<SegmentReader | undefined> {
    if (!segment.wrappedKey) return undefined;
    const file = await files.open(segmentFile(segment));
    if (!file) return undefined;
    const identity = identityBytes(segment);
    try {
      const key = keys.unwrap(segment.wrappedKey, identity);
      return new SegmentReader(file, await findChunks(file, known), { key, identity });
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  get places(): readonly KnownChunk[] {
    return this.#chunks;
  }

  get spans(): CoveredSpan[] {
    return this.#chunks.flatMap(({ header }) =>
      header.runs.map((run) => {
        const start = header.position + run.offset;
        const leftOut = run.kind === 'audio' ? null : run.kind;
        return { start, end: start + run.samples, leftOut };
      }),
    );
  }

  get codecs(): SegmentCodec[] {
    return [...new Set(this.#chunks.map(({ header }) => header.codec))];
  }

  /** The runs of every chunk that touches `span`. */
  async *read(span: Span): AsyncGenerator<AudioRun> {
    for (const chunk of this.#chunks) {
      if (chunk.covers.start >= span.end || chunk.covers.end <= span.start) continue;
      const { audio } = await this.#open(chunk);
      const { position: base, codec, runs } = chunk.header;
      let at = 0;
      for (const { kind, offset, samples, bytes } of runs) {
        const position = base + offset;
        yield { kind, position, samples, codec, audio: audio.subarray(at, at + bytes) };
        at += bytes;
      }
    }
  }

  /** Every chunk in its order. @throws where one is not what was sealed */
  async *chunks(): AsyncGenerator<OpenedChunk> {
    for (const chunk of this.#chunks) yield await this.#open(chunk);
  }

  async close(): Promise<void> {
    this.#key.fill(0);
    await this.#file.close();
  }

  async #open(place: ChunkPlace): Promise<OpenedChunk> {
    const record = await this.#file.read(place.start, place.end);
    return { place, audio: openChunk(record, place, { key: this.#key, identity: this.#identity }) };
  }
}
