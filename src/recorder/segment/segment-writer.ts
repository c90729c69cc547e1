import type { SealedExtent } from '../../domain/model/segment.ts';
import {
  extentWith,
  lendSealedChunk,
  type SegmentCodec,
} from '../../protocols/segment/sealed-chunk.ts';
import type { TrackClock } from '../clock/track-clock.ts';
import { ToneWatch } from '../dtmf/tone-watch.ts';
import type { ClosingReason } from '../fence/gate-table.ts';
import { roomFor } from './chunk-room.ts';
import { type AudioBytes, type LeftOut, OpenChunk, type PacketOrigin } from './open-chunk.ts';
import { beginSegment, type OpenSegment, type SegmentPlace } from './open-segment.ts';
import { type FullChunk, PendingChunks } from './pending-chunks.ts';
import { sealLater } from './seal-later.ts';

export interface SegmentWriterOptions extends SegmentPlace {
  readonly codec: SegmentCodec;
  /** Rate of the RTP clock, Hz. */
  readonly clockRate: number;
  readonly chunkSamples: number;
  /** The number after the last segment's, for a track that resumes. */
  readonly firstSegment: number;
  /** Audio younger than this is not written anywhere, and can still be erased. */
  readonly lookbackMs: number;
  /** True when in-band DTMF tones are left out. */
  readonly suppressDtmf: boolean;
  /** Returns the earliest monotonic ms at which a command that is still unread may have come. */
  commandCameAtMs(): number;
  onSegment(told: SegmentTold): void;
}

/** A segment's first frame, and when the segment was closed. */
export interface SegmentTold {
  readonly segment: number;
  readonly wrappedKey: Buffer;
  readonly closedBy: ClosingReason | null;
  /** The extent written; null where the disk refused some of it. */
  readonly sealed: SealedExtent | null;
}

/** Fraction of a whole chunk. */
const LEAST_FIRST_CHUNK = 0.2;

/**
 * Writes one track's segments. Frames are gathered in memory for at most a chunk's length; a full
 * chunk is sealed under its segment's key and appended. Plain audio reaches no disk.
 */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #clock: TrackClock;
  #codec: SegmentCodec;
  #lookbackMs: number;
  #suppressDtmf: boolean;
  #tones: ToneWatch | undefined;
  #segment: OpenSegment | undefined;
  #chunk: OpenChunk | undefined;
  /** Time of the newest packet, at which the clock's anchor is read. */
  #nowMs = 0;
  readonly #pending = new PendingChunks<OpenSegment>(
    (segment, chunk) => this.#seal(segment, chunk),
    (segment) => segment.file.close(() => this.#closed(segment)),
  );
  /** Buffer in which chunks are gathered, one after the other, until the segment ends. */
  #room: Buffer | undefined;
  #nextSegment: number;
  /** Random and shorter for a segment's first chunk: streams that begin together seal apart. */
  #chunkSamples = 0;
  #closing = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: SegmentWriterOptions, clock: TrackClock) {
    this.#options = options;
    this.#codec = options.codec;
    this.#lookbackMs = options.lookbackMs;
    this.#suppressDtmf = options.suppressDtmf;
    this.#clock = clock;
    this.#tones = this.#toneWatch();
    this.#nextSegment = options.firstSegment;
  }

  /** Changes the codec from now on: a chunk holds one codec. */
  setCodec(codec: SegmentCodec): void {
    if (codec === this.#codec) return;
    this.seal();
    this.#codec = codec;
    this.#room = undefined;
    this.#tones = this.#toneWatch();
  }

  /** Applies stricter rules from now on; gathered audio was kept under the previous ones. */
  tighten({ lookbackMs, suppressDtmf }: Pick<SegmentWriterOptions, 'lookbackMs' | 'suppressDtmf'>) {
    const isLonger = lookbackMs > this.#lookbackMs;
    if (!isLonger && (this.#suppressDtmf || !suppressDtmf)) return;
    this.seal();
    this.#room = undefined;
    this.#lookbackMs = Math.max(this.#lookbackMs, lookbackMs);
    if (this.#suppressDtmf || !suppressDtmf) return;
    this.#suppressDtmf = true;
    this.#tones = this.#toneWatch();
  }

  /** Adds one packet's audio; `position` is relative to the clock's time line. */
  append(position: number, packet: AudioBytes, origin: PacketOrigin): void {
    const { arrivedAtMs } = origin;
    if (arrivedAtMs > this.#nowMs) this.#nowMs = arrivedAtMs;
    if (this.#chunk?.isFull(position, packet, this.#chunkSamples)) this.#sealFull();
    this.#chunk ??= this.#openChunk(position, arrivedAtMs);
    this.#chunk.add(position, packet, origin);
  }

  /** The end of the audio kept so far, on the call's clock; valid once the segment is closed. */
  get keptUpTo(): number | null {
    return this.#pending.keptUpTo;
  }

  /** Number of the newest packet that is kept. */
  get lastSequence(): number | null {
    return this.#pending.lastSequence;
  }

  /** Leaves out this stretch and records the reason in the gap map. */
  leaveOut(kind: LeftOut['kind'], start: number, samples: number, nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    // No client can make a header longer than a reader accepts.
    if (this.#chunk?.isCrowded) this.seal();
    this.#chunk ??= this.#openChunk(start, nowMs);
    this.#chunk.leaveOut(kind, start, start + samples);
  }

  /** Seals the gathered audio. */
  seal(): void {
    if (this.#chunk) this.#flush(this.#openSegment());
    this.#drain();
    this.#makeRoom();
  }

  /** Seals the gathered audio if it began before `beforeMs`, and writes what is old enough. */
  sealOlderThan(beforeMs: number): void {
    if (this.#chunk && this.#chunk.startedAtMs < beforeMs) this.#sealFull();
    else if (this.#lookbackMs > 0) this.#drain();
  }

  /**
   * Ends the segment: the next frame begins another one, under another key. The cut is made now;
   * sealing and writing follow this turn's confirmations, so that no stream waits for another.
   * @returns number of packets that were held back and are given up
   */
  closeSegment(closedBy: ClosingReason): number {
    const segment = this.#segment;
    if (segment) {
      this.#flush(segment);
      segment.closedBy = closedBy;
      this.#pending.add(segment, undefined);
      this.#closing += 1;
    }
    this.#segment = undefined;
    this.#chunk = undefined;
    this.#room = undefined;
    // Another process cannot erase what this one holds back, so it is not handed on.
    const isGivenUp = closedBy === 'restart' && this.#lookbackMs > 0;
    const packets = isGivenUp ? this.#pending.discard() : 0;
    sealLater(() => this.#drain());
    return packets;
  }

  /**
   * Erases held audio that arrived from `cutMs` on, monotonic ms; returns the number of packets.
   * @param reason why the erased audio is missing; omitted while the segment continues
   */
  erase(cutMs: number, reason?: ClosingReason): number {
    if (this.#chunk) this.#flush(this.#openSegment());
    this.#room = undefined;
    const { packets, segments } = this.#pending.erase(cutMs);
    if (reason) for (const segment of segments) segment.closedBy = reason;
    return packets;
  }

  /** Writes what is old enough. */
  #drain(): void {
    if (this.#lookbackMs === 0) this.#pending.drain(Number.POSITIVE_INFINITY);
    else this.#pending.drain(this.#options.commandCameAtMs() - this.#lookbackMs);
  }

  #closed(segment: OpenSegment): void {
    segment.key.fill(0);
    this.#tell(segment, segment.closedBy);
    this.#closing -= 1;
    this.#tellIdle();
  }

  /** Seals a full chunk; a possible onset of a tone moves to the next one. */
  #sealFull(): void {
    const chunk = this.#chunk;
    if (!chunk) return;
    this.#chunk = undefined;
    this.#chunkSamples = this.#options.chunkSamples;
    const until = this.#decidedUntil(chunk);
    const tail = until === Number.POSITIVE_INFINITY ? [] : chunk.tailFrom(until);
    this.#pending.add(this.#openSegment(), this.#take(chunk, until));
    this.#drain();
    this.#makeRoom();
    for (const { position, packet, origin } of tail) this.append(position, packet, origin);
    for (const { kind, start, end } of chunk.leftOutFrom(until)) {
      this.leaveOut(kind, start, end - start, this.#nowMs);
    }
  }

  /** Seals the last chunk of its kind: nothing is held back for later. */
  #flush(segment: OpenSegment): void {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (!chunk) return;
    this.#tones?.listen(chunk, true);
    this.#pending.add(segment, this.#take(chunk, Number.POSITIVE_INFINITY));
  }

  #decidedUntil(chunk: OpenChunk): number {
    const until = this.#tones?.listen(chunk, false) ?? Number.POSITIVE_INFINITY;
    // No more audio came to recognise a tone by.
    return until <= chunk.start ? (this.#tones?.listen(chunk, true) ?? until) : until;
  }

  #toneWatch(): ToneWatch | undefined {
    const { clockRate } = this.#options;
    if (!this.#suppressDtmf || !ToneWatch.listensTo(this.#codec)) return undefined;
    return new ToneWatch(this.#codec, clockRate);
  }

  /** Takes the chunk: from here on neither clock nor codec change it. */
  #take(chunk: OpenChunk, until: number): FullChunk {
    return { ...chunk.take(this.#clock.anchor(this.#nowMs), until), codec: this.#codec };
  }

  /** Gives up the buffer to chunks that wait in memory: their audio lies in it. */
  #makeRoom(): void {
    if (this.#lookbackMs > 0) this.#room = undefined;
  }

  #seal(segment: OpenSegment, chunk: FullChunk): void {
    const { key, identity } = segment;
    const { position, codec, runs, audio } = chunk;
    const header = { position, codec, runs, number: segment.extent.chunks };
    segment.extent = extentWith(segment.extent, header);
    segment.file.append(lendSealedChunk({ key, identity, header }, audio));
    audio.fill(0);
  }

  /** True while audio may still be erased after its stream has ended. */
  get holdsBack(): boolean {
    return this.#lookbackMs > 0;
  }

  /** Writes audio of an ended stream that has become old enough. */
  age(): void {
    this.#drain();
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

  #tell(
    { number: segment, wrappedKey, file, extent }: OpenSegment,
    closedBy: ClosingReason | null,
  ): void {
    const sealed = file.hasFailed ? null : { ...extent };
    this.#options.onSegment({ segment, wrappedKey, closedBy, sealed });
  }

  #openChunk(start: number, atMs: number): OpenChunk {
    this.#openSegment(this.#clock.estimate(start));
    this.#room ??= roomFor(this.#codec, this.#options.chunkSamples);
    const keepsOrigins = this.#lookbackMs > 0;
    return new OpenChunk(this.#room, { start, atMs, keepsOrigins }, this.#codec);
  }

  /** @param start position of its first frame, on the call's clock */
  #openSegment(start = 0): OpenSegment {
    if (this.#segment) return this.#segment;
    this.#segment = beginSegment(this.#options, this.#nextSegment, start);
    this.#nextSegment += 1;
    const share = LEAST_FIRST_CHUNK + Math.random() * (1 - LEAST_FIRST_CHUNK);
    this.#chunkSamples = this.#options.chunkSamples * share;
    this.#tell(this.#segment, null);
    return this.#segment;
  }
}
