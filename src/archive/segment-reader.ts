import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CoveredSpan, Span } from '../domain/gap-map.ts';
import type { SegmentRecord } from '../domain/records.ts';
import { unwrapKey } from '../protocols/segment/key-wrap.ts';
import {
  type ChunkHeader,
  type ChunkPlace,
  identityBytes,
  MAX_HEADER_BYTES,
  openChunk,
  parseChunkHeader,
  type RunKind,
  type SegmentCodec,
  segmentFile,
} from '../protocols/segment/sealed-chunk.ts';

/** One stretch of encoded audio on the call's clock, or of what was left out: without bytes. */
export interface AudioRun {
  readonly kind: RunKind;
  /** Units of the track's RTP clock, as are its samples. */
  readonly position: number;
  readonly samples: number;
  readonly codec: SegmentCodec;
  readonly audio: Buffer;
}

/** A chunk and what it covers: whoever seeks looks at nothing else of it. */
interface KnownChunk extends ChunkPlace {
  readonly covers: Span;
}

/** Reads one segment's file. Headers are found first, audio is opened chunk by chunk on demand. */
export class SegmentReader {
  readonly #handle: FileHandle;
  readonly #key: Buffer;
  readonly #identity: Buffer;
  readonly #chunks: KnownChunk[];

  private constructor(
    handle: FileHandle,
    chunks: KnownChunk[],
    seal: { key: Buffer; identity: Buffer },
  ) {
    this.#handle = handle;
    this.#chunks = chunks;
    this.#key = seal.key;
    this.#identity = seal.identity;
  }

  /** Undefined when the segment has no file: a crash came before its first chunk. */
  static async open(
    recordingsDir: string,
    segment: SegmentRecord,
    masterKey: Buffer,
  ): Promise<SegmentReader | undefined> {
    if (!segment.wrappedKey) return undefined;
    const handle = await openIfThere(join(recordingsDir, segmentFile(segment)));
    if (!handle) return undefined;
    const identity = identityBytes(segment);
    try {
      const key = unwrapKey(masterKey, segment.wrappedKey, identity);
      return new SegmentReader(handle, await findChunks(handle), { key, identity });
    } catch (cause) {
      await handle.close();
      throw cause;
    }
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
    for (const place of this.#chunks) {
      if (place.covers.start >= span.end || place.covers.end <= span.start) continue;
      const record = Buffer.alloc(place.end - place.start);
      await this.#handle.read(record, 0, record.length, place.start);
      const audio = openChunk(record, place, { key: this.#key, identity: this.#identity });
      const { position: base, codec, runs } = place.header;
      let at = 0;
      for (const { kind, offset, samples, bytes } of runs) {
        const position = base + offset;
        yield { kind, position, samples, codec, audio: audio.subarray(at, at + bytes) };
        at += bytes;
      }
    }
  }

  async close(): Promise<void> {
    this.#key.fill(0);
    await this.#handle.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

async function findChunks(handle: FileHandle): Promise<KnownChunk[]> {
  const { size } = await handle.stat();
  const head = Buffer.alloc(MAX_HEADER_BYTES);
  const chunks: KnownChunk[] = [];
  for (let start = 0; start < size; ) {
    const { bytesRead } = await handle.read(head, 0, head.length, start);
    const place = parseChunkHeader(head.subarray(0, bytesRead), start, size);
    if (!place) break;
    chunks.push({ ...place, covers: coverOf(place.header) });
    start = place.end;
  }
  return chunks;
}

function coverOf({ position, runs }: ChunkHeader): Span {
  let [start, end] = [Infinity, -Infinity];
  for (const run of runs) {
    start = Math.min(start, position + run.offset);
    end = Math.max(end, position + run.offset + run.samples);
  }
  return { start, end };
}
