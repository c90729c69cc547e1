import type { Codec } from '../../domain/model/track.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';
import { Timing, type TrackClock } from '../clock/track-clock.ts';
import type { Frame } from '../segment/frame.ts';
import { Doubt } from './doubt.ts';
import { holdPacket, wipe } from './held-packets.ts';
import { Order, SequenceNumbers } from './sequence-numbers.ts';

export interface TimeLineOptions {
  readonly clock: TrackClock;
  readonly clockRate: number;
  /** The thread's own frame, in which every packet is placed. */
  readonly frame: Frame;
  /**
   * Called for another source: its packets are unrelated to those before. Returns up to where audio
   * lies already, on the call's clock; null: nowhere.
   */
  onTimeLine(nowMs: number): number | null;
  /** Takes a frame, which is the callee's until it returns. */
  onAudio(frame: Readonly<Frame>): void;
  /** Reports a possibly slower path: packets may have been sent this many ms earlier. */
  onSlower(ms: number): void;
  /** Reports a stall of the thread: times of sending may be too late by this many ms. */
  onUncertain(ms: number): void;
  /** Returns the earliest time that an item read at that moment came. Monotonic ms. */
  cameAfterMs(readAtMs: number): number;
  /** True while the exact time of sending matters. */
  isWary(nowMs: number): boolean;
}

/** A packet of audio, as it was read. */
export interface Audio {
  packet: RtpPacket;
  /** The buffer that its payload lies in. */
  data: Buffer;
  codec: Codec;
  samples: number;
}

/** A packet's place in the numbering, and what the clock judges by. */
interface Step {
  isNext: boolean;
  ahead: number;
  sequence: number;
  timestamp: number;
  samples: number;
}

/** Shared, so that placing a packet allocates nothing: a thread places one at a time. */
const step: Step = { isNext: false, ahead: 0, sequence: 0, timestamp: 0, samples: 0 };

/** A gap below a quarter of a packet is the client's rounding, not silence. */
const LEAST_SILENCE = 4;
/** A time line younger than this has not shown its least delay. */
const YOUNG_MS = 500;

/**
 * Puts a stream's packets in their places: finds duplicates, losses and positions, and holds
 * packets in memory while timestamp, number and arrival disagree.
 */
export class TimeLine {
  readonly #options: TimeLineOptions;
  readonly #numbers = new SequenceNumbers();
  readonly #doubt: Doubt;
  #lastEnd = 0;
  #lastSamples = 0;

  constructor(options: TimeLineOptions) {
    this.#options = options;
    this.#doubt = new Doubt(options.clock, options.clockRate);
  }

  get lost(): number {
    return this.#numbers.lost;
  }

  get reordered(): number {
    return this.#numbers.reordered;
  }

  /** Reads a packet of audio; returns false for a duplicate. */
  read(audio: Audio, nowMs: number): boolean {
    const { clock } = this.#options;
    const { packet, samples } = audio;
    if (packet.ssrc !== clock.ssrc) this.#begin(packet, nowMs);
    const { timestamp } = packet;
    const isWary = this.#options.isWary(nowMs);
    step.sequence = packet.sequence;
    step.timestamp = timestamp;
    step.samples = samples;
    const order = this.#numbers.take(step, isWary);
    if (order === Order.Drop) return false;
    step.isNext = order !== Order.Late;
    step.ahead = this.#numbers.ahead;
    if (step.isNext && this.#doubt.contradicts(timestamp, samples, nowMs)) this.settle(nowMs);
    if (!this.#doubt.isOpen) {
      const timing = step.isNext ? clock.judge(step, nowMs) : Timing.Fits;
      const isYoung = isWary && clock.ageMs(nowMs) < YOUNG_MS;
      if (timing === Timing.Fits && !isYoung) {
        clock.hear(timestamp, nowMs);
        this.#place(audio, step, nowMs);
        return true;
      }
      this.#doubt.begin(timing);
    }
    const arrival = { atMs: nowMs, afterMs: this.#options.cameAfterMs(nowMs) };
    const { codec, data } = audio;
    const { isNext, ahead } = step;
    const held = holdPacket(packet, data, arrival);
    this.#doubt.add({ codec, samples, isNext, ahead, packet: held });
    if (this.#doubt.isDecided(nowMs)) this.settle(nowMs);
    return true;
  }

  /**
   * Notes a packet other than audio.
   * @param samples units that it accounts for; undefined: its type is unknown
   * @returns its position; undefined for another source's
   */
  note(packet: RtpPacket, samples: number | undefined): number | undefined {
    const position = this.#options.clock.place(packet);
    if (position === undefined) return undefined;
    this.#numbers.follow(packet.sequence);
    const end = samples === undefined ? Number.POSITIVE_INFINITY : position + samples;
    if (samples !== 0) this.#lastEnd = Math.max(this.#lastEnd, end);
    return position;
  }

  /** Decides by time about packets that no later packet settled. */
  tick(nowMs: number): void {
    if (this.#doubt.isDecided(nowMs)) this.settle(nowMs);
  }

  /** Decides about the waiting packets now. */
  settle(nowMs: number): void {
    if (!this.#doubt.isOpen) return;
    const { clock, onSlower, onUncertain } = this.#options;
    const { packets, shift, slowerMs, uncertainMs } = this.#doubt.settle(nowMs);
    const [first] = packets;
    if (first && shift !== 0) clock.shift(first.packet.timestamp, shift);
    if (slowerMs > 0) onSlower(slowerMs);
    if (uncertainMs > 0) onUncertain(uncertainMs);
    // The least delay of all of them counts before the first is placed.
    for (const { packet } of packets) clock.hear(packet.timestamp, packet.arrivedAtMs);
    for (const { packet, ...audio } of packets) {
      this.#place({ ...audio, packet, data: packet.data }, audio, packet.arrivedAtMs);
    }
    wipe(packets.map(({ packet }) => packet));
  }

  /** Overwrites the waiting packets; returns how many there were. */
  erase(): number {
    return this.#doubt.erase();
  }

  #begin(packet: RtpPacket, nowMs: number): void {
    const { clock, onTimeLine } = this.#options;
    this.settle(nowMs);
    const writtenUpTo = onTimeLine(nowMs);
    clock.begin(packet, nowMs);
    // The source before it may have seemed later than it was: its audio is not written over.
    clock.realign(writtenUpTo);
    this.#numbers.reset();
    this.#lastEnd = 0;
    this.#lastSamples = 0;
  }

  #place(
    { packet, data, codec, samples }: Audio,
    { isNext, ahead }: Pick<Step, 'isNext' | 'ahead'>,
    arrivedAtMs: number,
  ): void {
    const { clock, frame, onAudio } = this.#options;
    const position = clock.relative(packet.timestamp, samples);
    frame.codec = codec;
    frame.position = position;
    frame.sequence = packet.sequence;
    frame.packet.data = data;
    frame.packet.start = packet.payloadStart;
    frame.packet.end = packet.payloadEnd;
    frame.packet.samples = samples;
    frame.silentFor = isNext ? this.#silenceBefore(position, ahead) : 0;
    frame.arrivedAtMs = arrivedAtMs;
    if (isNext) {
      this.#lastEnd = position + samples;
      this.#lastSamples = samples;
    }
    onAudio(frame);
  }

  /**
   * Returns the silence before a packet: timestamps advanced farther than missing packets account
   * for, so the client was silent (RFC 3551 section 4.1).
   */
  #silenceBefore(position: number, ahead: number): number {
    if (this.#lastSamples === 0) return 0;
    const silent = position - this.#lastEnd - (ahead - 1) * this.#lastSamples;
    return silent * LEAST_SILENCE < this.#lastSamples ? 0 : silent;
  }
}
