import type { MediaAgreement } from '../domain/media-agreement.ts';
import type { Codec, PacketCounts } from '../domain/records.ts';
import { opusSamples } from '../protocols/rtp/opus-packet.ts';
import { emptyRtpPacket, parseRtp, type RtpPacket } from '../protocols/rtp/packet.ts';
import { SRTP_REPLAYED, SRTP_WRONG_TAG } from '../protocols/srtp/receiver.ts';
import { type AudioBytes, MAX_PAYLOAD_BYTES } from './open-chunk.ts';
import { Reception } from './reception.ts';
import { SequenceWindow } from './sequence-window.ts';
import { StreamSecurity } from './stream-security.ts';
import type { TrackClock } from './track-clock.ts';

/** What a datagram turned out to be. */
export type Arrival = 'audio' | 'digits' | 'nothing';

/** A packet in its place. One object serves all packets of the thread: it is read at once. */
export interface Frame {
  codec: Codec;
  /** Units of the RTP clock since the time line began. */
  position: number;
  sequence: number;
  readonly packet: AudioBytes;
  /** Units before it for which the client sent nothing on purpose. */
  silentFor: number;
  /** Of digits: the event is over. */
  ended: boolean;
}

/** One thread reads one packet at a time: the path of a packet allocates nothing. */
const rtp: RtpPacket = emptyRtpPacket();
const frame: Frame = {
  codec: 'PCMU',
  position: 0,
  sequence: 0,
  packet: { data: Buffer.alloc(0), start: 0, end: 0, samples: 0 },
  silentFor: 0,
  ended: false,
};

const NO_SEQUENCE = -1;
/** Event, volume and end bit, duration (RFC 4733 section 2.3). */
const EVENT_BYTES = 4;

/** Less than a packet's fourth is how a client counts, not silence. */
const LEAST_SILENCE = 4;

type Counts = { -readonly [Count in keyof PacketCounts]: number };

export interface RtpIntakeOptions {
  readonly clock: TrackClock;
  /** The stream was listened to before, in another process or thread. */
  readonly resumed: boolean;
  /** Another source, or a jump: what comes next has nothing to do with what came before. */
  onTimeLine(nowMs: number): void;
}

/**
 * From a datagram to a frame in its place on the stream's time line: what it is, whether it came
 * already, what is missing before it.
 */
export class RtpIntake {
  readonly counts: Counts = {
    ...{ received: 0, kept: 0, gated: 0, duplicate: 0, dtmf: 0, comfortNoise: 0 },
    ...{ lost: 0, reordered: 0, unauthenticated: 0, unusable: 0, erased: 0 },
  };
  readonly reception = new Reception();
  readonly #options: RtpIntakeOptions;
  readonly #security: StreamSecurity;
  readonly #sequences = new SequenceWindow();
  /**
   * Payload types agreed on so far: after a change both come for a while (RFC 3264 section 8.3.2).
   */
  readonly #codecs = new Map<number, Codec>();
  #agreed: MediaAgreement;
  #lastSequence = NO_SEQUENCE;
  #lastEnd = 0;
  #lastSamples = 0;

  constructor(agreed: MediaAgreement, options: RtpIntakeOptions) {
    this.#options = options;
    this.#agreed = agreed;
    this.#security = new StreamSecurity(agreed.srtp, options.resumed);
    this.#expect(agreed);
  }

  agree(agreed: MediaAgreement, nowMs: number): void {
    this.#agreed = agreed;
    this.#security.agree(agreed.srtp, nowMs);
    this.#expect(agreed);
  }

  #expect(agreed: MediaAgreement): void {
    for (const other of [agreed.dtmfPayloadType, agreed.comfortNoisePayloadType]) {
      if (other !== null) this.#codecs.delete(other);
    }
    this.#codecs.set(agreed.payloadType, agreed.codec);
  }

  /** Of the last datagram that was audio or digits. */
  get frame(): Readonly<Frame> {
    return frame;
  }

  /** What is no audio of this stream is counted, and dropped. */
  read(datagram: Buffer, nowMs: number): Arrival {
    const { counts } = this;
    counts.received += 1;
    const length = this.#security.unprotect(datagram, nowMs);
    if (length < 0) return this.#refuse(length);
    if (!parseRtp(datagram, rtp, length)) {
      counts.unusable += 1;
      return 'nothing';
    }
    this.reception.heard(rtp.ssrc, rtp.sequence);
    const codec = this.#codecs.get(rtp.payloadType);
    const samples = codec === undefined ? 0 : samplesIn(codec, datagram);
    if (codec !== undefined && samples > 0) return this.#readAudio(datagram, codec, samples, nowMs);
    if (rtp.payloadType === this.#agreed.dtmfPayloadType) return this.#readDigits(datagram);
    const isNoise = rtp.payloadType === this.#agreed.comfortNoisePayloadType;
    if (isNoise) counts.comfortNoise += 1;
    else counts.unusable += 1;
    if (this.#options.clock.place(rtp) === undefined) return 'nothing';
    this.#follow(rtp.sequence);
    // Whatever that was, it was no silence.
    if (!isNoise) this.#lastEnd = Number.POSITIVE_INFINITY;
    return 'nothing';
  }

  #refuse(reason: number): 'nothing' {
    if (reason === SRTP_WRONG_TAG) this.counts.unauthenticated += 1;
    else if (reason === SRTP_REPLAYED) this.counts.duplicate += 1;
    else this.counts.unusable += 1;
    return 'nothing';
  }

  #readAudio(datagram: Buffer, codec: Codec, samples: number, nowMs: number): Arrival {
    const { clock } = this.#options;
    if (clock.breaks(rtp, nowMs)) this.#beginTimeLine(nowMs);
    if (!this.#sequences.accept(rtp.sequence)) {
      this.counts.duplicate += 1;
      return 'nothing';
    }
    const position = clock.relative(rtp, nowMs);
    frame.codec = codec;
    frame.position = position;
    frame.sequence = rtp.sequence;
    frame.packet.data = datagram;
    frame.packet.start = rtp.payloadStart;
    frame.packet.end = rtp.payloadEnd;
    frame.packet.samples = samples;
    frame.silentFor = this.#silenceBefore(position);
    if (this.#follow(rtp.sequence)) {
      this.#lastEnd = position + samples;
      this.#lastSamples = samples;
    }
    return 'audio';
  }

  /** When, never which: the byte that names the digit is not read. */
  #readDigits(datagram: Buffer): Arrival {
    this.counts.dtmf += 1;
    const position = this.#options.clock.place(rtp);
    if (position === undefined || rtp.payloadEnd - rtp.payloadStart < EVENT_BYTES) return 'nothing';
    this.#follow(rtp.sequence);
    frame.position = position;
    frame.packet.samples = datagram.readUInt16BE(rtp.payloadStart + 2);
    frame.ended = ((datagram[rtp.payloadStart + 1] as number) & 0x80) !== 0;
    this.#lastEnd = Math.max(this.#lastEnd, position + frame.packet.samples);
    return 'digits';
  }

  #beginTimeLine(nowMs: number): void {
    this.#options.onTimeLine(nowMs);
    this.#options.clock.restart(rtp);
    this.#sequences.reset();
    this.#lastSequence = NO_SEQUENCE;
  }

  /** True for the newest packet so far; numbers passed over count as lost until they come. */
  #follow(sequence: number): boolean {
    const ahead = (sequence - this.#lastSequence) & 0xffff;
    const isFirst = this.#lastSequence === NO_SEQUENCE;
    if (!isFirst && ahead >= 0x8000) {
      this.counts.reordered += 1;
      this.counts.lost = Math.max(0, this.counts.lost - 1);
      return false;
    }
    if (!isFirst) this.counts.lost += Math.max(0, ahead - 1);
    this.#lastSequence = sequence;
    return true;
  }

  /**
   * Timestamps went on farther than the packets that are missing account for: the client was
   * silent (RFC 3551 section 4.1).
   */
  #silenceBefore(position: number): number {
    if (this.#lastSequence === NO_SEQUENCE) return 0;
    const ahead = (rtp.sequence - this.#lastSequence) & 0xffff;
    if (ahead === 0 || ahead >= 0x8000) return 0;
    const silent = position - this.#lastEnd - (ahead - 1) * this.#lastSamples;
    return silent * LEAST_SILENCE < this.#lastSamples ? 0 : silent;
  }
}

/** Units of the RTP clock; 0 for what is no whole packet of that codec, or longer than any. */
function samplesIn(codec: Codec, datagram: Buffer): number {
  const { payloadStart, payloadEnd } = rtp;
  const bytes = payloadEnd - payloadStart;
  if (bytes > MAX_PAYLOAD_BYTES) return 0;
  if (codec === 'OPUS') return opusSamples(datagram, payloadStart, payloadEnd);
  if (codec === 'L16') return bytes % 2 === 0 ? bytes / 2 : 0;
  return bytes;
}
