import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CoveredSpan, Span } from '../domain/gap-map.ts';
import type { SegmentRecord } from '../domain/records.ts';
import { unwrapKey } from '../protocols/segment/key-wrap.ts';
import {
  type ChunkPlace,
  identityBytes,
  MAX_HEADER_BYTES,
  openChunk,
  parseChunkHeader,
  type SegmentCodec,
  segmentFile,
} from '../protocols/segment/sealed-chunk.ts';

/** One stretch of encoded audio on the call's clock. */
export interface AudioRun {
  readonly position: number;
  readonly codec: SegmentCodec;
  readonly audio: Buffer;
}

/** Reads one segment's file. Headers are found first, audio is opened chunk by chunk on demand. */
export class SegmentReader {
  readonly #handle: FileHandle;
  readonly #key: Buffer;
  readonly #identity: Buffer;
  readonly #places: ChunkPlace[];

  private constructor(
    handle: FileHandle,
    places: ChunkPlace[],
    seal: { key: Buffer; identity: Buffer },
  ) {
    this.#handle = handle;
    this.#places = places;
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
    const key = unwrapKey(masterKey, segment.wrappedKey, identity);
    return new SegmentReader(handle, await findChunks(handle), { key, identity });
  }

  get spans(): CoveredSpan[] {
    return this.#places.flatMap(({ header }) =>
      header.runs.map((run) => {
        const start = header.position + run.offset;
        const leftOut = run.kind === 'audio' ? null : run.kind;
        return { start, end: start + run.samples, leftOut };
      }),
    );
  }

  /** The runs of every chunk that touches `span`. */
  async *read(span: Span): AsyncGenerator<AudioRun> {
    for (const place of this.#places) {
      if (!touches(place, span)) continue;
      const record = Buffer.alloc(place.end - place.start);
      await this.#handle.read(record, 0, record.length, place.start);
      const audio = openChunk(record, place, { key: this.#key, identity: this.#identity });
      let at = 0;
      for (const run of place.header.runs) {
        const position = place.header.position + run.offset;
        if (run.kind === 'audio')
          yield { position, codec: place.header.codec, audio: audio.subarray(at, at + run.bytes) };
        at += run.bytes;
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

async function findChunks(handle: FileHandle): Promise<ChunkPlace[]> {
  const { size } = await handle.stat();
  const head = Buffer.alloc(MAX_HEADER_BYTES);
  const places: ChunkPlace[] = [];
  for (let start = 0; start < size; ) {
    const { bytesRead } = await handle.read(head, 0, head.length, start);
    const place = parseChunkHeader(head.subarray(0, bytesRead), start, size);
    if (!place) break;
    places.push(place);
    start = place.end;
  }
  return places;
}

function touches({ header }: ChunkPlace, span: Span): boolean {
  return header.runs.some((run) => {
    const start = header.position + run.offset;
    return start < span.end && start + run.samples > span.start;
  });
}
