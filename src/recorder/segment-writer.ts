import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { KEY_BYTES, wrapKey } from '../protocols/segment/key-wrap.ts';
import {
  identityBytes,
  MAX_RUNS,
  type RunKind,
  type SegmentCodec,
  sealChunk,
  segmentFile,
} from '../protocols/segment/sealed-chunk.ts';
import { AppendFile } from './append-file.ts';
import type { ClosingReason } from './gate-table.ts';
import { type FullChunk, PendingChunks } from './pending-chunks.ts';
import type { TrackClock } from './track-clock.ts';

/** Room for a last packet that does not fit the chunk's nominal length. */
export const MAX_PAYLOAD_BYTES = 2048;

export interface SegmentWriterOptions {
  readonly callId: string;
  readonly track: number;
  readonly codec: SegmentCodec;
  readonly chunkSamples: number;
  readonly masterKey: Buffer;
  readonly recordingsDir: string;
  readonly maxUnwrittenBytes: number;
  /** Of a track that goes on, the number after its last segment's. */
  readonly firstSegment: number;
  /** Audio younger than this is written nowhere, and can still be erased. */
  readonly lookbackSamples: number;
  onSegment(segment: number, wrappedKey: Buffer, closedBy: ClosingReason | null): void;
  onFailed(code: string): void;
}

/** Audio where it lies: `data` from `start` up to, not including, `end`. */
export interface AudioBytes {
  data: Buffer;
  start: number;
  end: number;
}

interface OpenSegment {
  readonly number: number;
  readonly key: Buffer;
  readonly wrappedKey: Buffer;
  readonly identity: Buffer;
  readonly file: AppendFile;
  chunks: number;
  closedBy: ClosingReason;
}

interface OpenChunk {
  readonly start: number;
  readonly startedAtMs: number;
  readonly audio: Buffer;
  bytes: number;
  readonly runs: { kind: RunKind; offset: number; samples: number; bytes: number }[];
}

/**
 * One track's segments. Frames gather in memory for at most a chunk's length; a full chunk is
 * sealed under its segment's key and appended. Plain audio reaches no disk.
 */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #clock: TrackClock;
  readonly #bytesPerSample = 1;
  #codec: SegmentCodec;
  #segment: OpenSegment | undefined;
  #chunk: OpenChunk | undefined;
  readonly #pending = new PendingChunks<OpenSegment>(
    (segment, chunk) => this.#seal(segment, chunk),
    (segment) => segment.file.close(() => this.#closed(segment)),
  );
  /** Where a chunk gathers; one after the other uses it, until the segment ends. */
  #room: Buffer | undefined;
  #nextSegment: number;
  #closing = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: SegmentWriterOptions, clock: TrackClock) {
    this.#options = options;
    this.#codec = options.codec;
    this.#clock = clock;
    this.#nextSegment = options.firstSegment;
  }

  /** What comes from now on is encoded otherwise: a chunk holds one codec. */
  setCodec(codec: SegmentCodec): void {
    if (codec !== this.#codec) this.seal();
    this.#codec = codec;
  }

  /** Adds one packet's audio; `position` is relative to the clock's time line. */
  append(position: number, audio: AudioBytes, nowMs: number): void {
    let chunk = this.#chunk;
    const bytes = audio.end - audio.start;
    if (chunk && this.#isFull(chunk, position, bytes)) {
      this.seal();
      chunk = undefined;
    }
    chunk ??= this.#openChunk(position, nowMs);
    const offset = position - chunk.start;
    const samples = bytes / this.#bytesPerSample;
    const run = chunk.runs[chunk.runs.length - 1];
    if (run && run.offset + run.samples === offset) {
      run.samples += samples;
      run.bytes += bytes;
    } else {
      chunk.runs.push({ kind: 'audio', offset, samples, bytes });
    }
    audio.data.copy(chunk.audio, chunk.bytes, audio.start, audio.end);
    chunk.bytes += bytes;
  }

  /** Seals what has gathered, if it began before `beforeMs`. */
  seal(beforeMs = Number.POSITIVE_INFINITY): void {
    const chunk = this.#chunk;
    const isDue = chunk && chunk.startedAtMs < beforeMs;
    if (isDue) {
      this.#chunk = undefined;
      this.#pending.add(this.#openSegment(), this.#take(chunk));
    }
    if (isDue || this.#options.lookbackSamples > 0) this.#drain();
    // What waits in memory lies where it gathered.
    if (isDue && this.#options.lookbackSamples > 0) this.#room = undefined;
  }

  /**
   * Ends the segment: the next frame begins another one, under another key. The cut is made now;
   * sealing and writing come behind the confirmations of this turn, so that no stream waits for
   * another's.
   */
  closeSegment(closedBy: ClosingReason): void {
    const segment = this.#segment;
    if (segment) {
      if (this.#chunk) this.#pending.add(segment, this.#take(this.#chunk));
      segment.closedBy = closedBy;
      this.#pending.add(segment, undefined);
      this.#closing += 1;
    }
    this.#segment = undefined;
    this.#chunk = undefined;
    this.#room = undefined;
    const isLast = closedBy === 'end' || closedBy === 'restart';
    setImmediate(() => (isLast ? this.#pending.drain(Infinity) : this.#drain()));
  }

  /**
   * Erases what is held back from `cut` on, a position on the call's clock. Tells how many samples
   * that were.
   */
  erase(cut: number): number {
    const chunk = this.#chunk;
    if (chunk) {
      this.#chunk = undefined;
      this.#room = undefined;
      this.#pending.add(this.#openSegment(), this.#take(chunk));
    }
    return this.#pending.erase(cut);
  }

  /** Writes what is old enough. */
  #drain(): void {
    const { lookbackSamples } = this.#options;
    if (lookbackSamples === 0) this.#pending.drain(Infinity);
    else this.#pending.drain(this.#clock.positionAt(performance.now()) - lookbackSamples);
  }

  #closed(segment: OpenSegment): void {
    segment.key.fill(0);
    this.#options.onSegment(segment.number, segment.wrappedKey, segment.closedBy);
    this.#closing -= 1;
    this.#tellIdle();
  }

  /** The chunk as it will be sealed: from here on neither clock nor codec change it. */
  #take(chunk: OpenChunk): FullChunk {
    return {
      position: this.#clock.anchor() + chunk.start,
      codec: this.#codec,
      runs: chunk.runs,
      audio: chunk.audio.subarray(0, chunk.bytes),
    };
  }

  #seal(segment: OpenSegment, { audio, ...header }: FullChunk): void {
    const number = segment.chunks;
    segment.chunks += 1;
    const { key, identity } = segment;
    segment.file.append(sealChunk({ key, identity, header: { ...header, number } }, audio));
    audio.fill(0);
  }

  /** Calls back when every closed segment is written. */
  whenIdle(callback: () => void): void {
    this.#onIdle.push(callback);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#closing > 0) return;
    for (const callback of this.#onIdle.splice(0)) callback();
  }

  #isFull(chunk: OpenChunk, position: number, bytes: number): boolean {
    return (
      position + bytes / this.#bytesPerSample - chunk.start > this.#options.chunkSamples ||
      chunk.bytes + bytes > chunk.audio.length ||
      chunk.runs.length >= MAX_RUNS
    );
  }

  #openChunk(start: number, startedAtMs: number): OpenChunk {
    this.#openSegment();
    const roomBytes = this.#options.chunkSamples * this.#bytesPerSample + MAX_PAYLOAD_BYTES;
    this.#room ??= Buffer.allocUnsafeSlow(roomBytes);
    this.#chunk = { start, startedAtMs, audio: this.#room, bytes: 0, runs: [] };
    return this.#chunk;
  }

  #openSegment(): OpenSegment {
    if (this.#segment) return this.#segment;
    const { callId, track, masterKey, recordingsDir, maxUnwrittenBytes, onFailed } = this.#options;
    const number = this.#nextSegment;
    this.#nextSegment += 1;
    const identity = identityBytes({ callId, track, segment: number });
    const key = randomBytes(KEY_BYTES);
    const wrappedKey = wrapKey(masterKey, key, identity);
    const path = join(recordingsDir, segmentFile({ callId, track, segment: number }));
    const file = new AppendFile({ path, maxUnwrittenBytes, onFailed });
    this.#segment = { number, key, wrappedKey, identity, file, chunks: 0, closedBy: 'end' };
    this.#options.onSegment(number, wrappedKey, null);
    return this.#segment;
  }
}
