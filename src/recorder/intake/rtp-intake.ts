import type { MediaAgreement } from '../../domain/model/media-agreement.ts';
import { type Codec, noPackets, type PacketCounts } from '../../domain/model/track.ts';
import { emptyRtpPacket, parseRtp, type RtpPacket } from '../../protocols/rtp/packet.ts';
import { SRTP_REPLAYED, SRTP_WRONG_TAG } from '../../protocols/srtp/receiver.ts';
import { emptyFrame, type Frame, samplesIn } from '../segment/frame.ts';
import { type HeldPacket, wipe } from './held-packets.ts';
import { Reception } from './reception.ts';
import { type FormerSource, type MediaAddress, SourceLatch } from './source-latch.ts';
import { StreamSecurity } from './stream-security.ts';
import { type Audio, TimeLine, type TimeLineOptions } from './time-line.ts';

/** Shared, so that reading a packet allocates nothing: a thread reads one packet at a time. */
const rtp: RtpPacket = emptyRtpPacket();
const frame = emptyFrame();
const audio: Audio = { packet: rtp, data: Buffer.alloc(0), codec: 'PCMU', samples: 0 };

/** Event, volume and end bit, duration (RFC 4733 section 2.3). */
const EVENT_BYTES = 4;

type Counts = { -readonly [Count in keyof PacketCounts]: number };

export interface RtpIntakeOptions extends Omit<TimeLineOptions, 'frame'> {
  /** True when another process or thread listened to the stream before. */
  readonly resumed: boolean;
  readonly openedAtMs: number;
  /** The last source that sent to this port. */
  readonly former: FormerSource | undefined;
  onDigits(frame: Readonly<Frame>): void;
}

/**
 * Turns a datagram into a frame at its place on the stream's time line: checks its source, its
 * type, whether it came already, and what is missing before it.
 */
export class RtpIntake {
  readonly counts: Counts = { ...noPackets };
  readonly reception = new Reception();
  readonly latch: SourceLatch;
  readonly #options: RtpIntakeOptions;
  readonly #security: StreamSecurity;
  readonly #line: TimeLine;
  /**
   * Payload types agreed on so far: after a change both come for a while (RFC 3264 section 8.3.2).
   */
  readonly #codecs = new Map<number, Codec>();
  #agreed: MediaAgreement;

  constructor(agreed: MediaAgreement, options: RtpIntakeOptions) {
    this.#options = options;
    this.#agreed = agreed;
    this.#security = new StreamSecurity(agreed.srtp, options.resumed);
    this.latch = new SourceLatch(agreed.source, options.openedAtMs, options.former);
    this.#line = new TimeLine({ ...options, frame });
    this.#expect(agreed);
  }

  agree(agreed: MediaAgreement, nowMs: number): void {
    this.#agreed = agreed;
    this.#security.agree(agreed.srtp, nowMs);
    this.latch.signal(agreed.source);
    this.#expect(agreed);
  }

  #expect(agreed: MediaAgreement): void {
    for (const other of [agreed.dtmfPayloadType, agreed.comfortNoisePayloadType]) {
      if (other !== null) this.#codecs.delete(other);
    }
    for (const { payloadType, codec } of [...(agreed.others ?? []), agreed]) {
      this.#codecs.set(payloadType, codec);
    }
  }

  /** Reads a datagram. Anything other than audio of this stream is counted and dropped. */
  read(datagram: Buffer, nowMs: number, from: MediaAddress): void {
    const { counts } = this;
    counts.received += 1;
    const length = this.#security.unprotect(datagram, nowMs);
    if (length < 0) {
      this.#refuse(length);
      return;
    }
    const isRtp = parseRtp(datagram, rtp, length);
    if (isRtp && this.latch.isOwn(rtp, from, nowMs)) {
      this.#read(datagram, nowMs);
      return;
    }
    if (!isRtp || !this.#isAgreed(rtp.payloadType)) {
      counts.unusable += 1;
      datagram.fill(0);
      return;
    }
    const { clock, isWary } = this.#options;
    clock.touch(nowMs);
    const now = { nowMs, isWary: isWary(nowMs) };
    this.#readHeld(this.latch.meet(rtp, datagram, from, now));
    counts.foreign = this.latch.foreign;
    // The packet is held as a copy, or by nobody: it may be an old one, from a pause.
    datagram.fill(0);
  }

  /** Decides on waiting packets now, because a gate changes or the stream ends. */
  settle(nowMs: number): void {
    this.#readHeld(this.latch.settle(nowMs));
    this.counts.foreign = this.latch.foreign;
    this.#line.settle(nowMs);
  }

  /** Decides by time about packets that no later packet settled. */
  tick(nowMs: number): void {
    this.#readHeld(this.latch.tick(nowMs));
    this.#line.tick(nowMs);
  }

  /** Overwrites the packets that wait for a decision: they belong to neither side. */
  erase(): void {
    this.counts.erased += this.#line.erase();
  }

  /** Packets lost so far, up to the one that is being read. */
  get lost(): number {
    return this.#line.lost;
  }

  #isAgreed(payloadType: number): boolean {
    const { dtmfPayloadType, comfortNoisePayloadType } = this.#agreed;
    return (
      this.#codecs.has(payloadType) ||
      payloadType === dtmfPayloadType ||
      payloadType === comfortNoisePayloadType
    );
  }

  #refuse(reason: number): void {
    if (reason === SRTP_WRONG_TAG) this.counts.unauthenticated += 1;
    else if (reason === SRTP_REPLAYED) this.counts.duplicate += 1;
    else this.counts.unusable += 1;
  }

  #readHeld(packets: readonly HeldPacket[]): void {
    for (const packet of packets) {
      load(packet);
      this.#read(packet.data, packet.arrivedAtMs);
    }
    wipe(packets);
  }

  /** Reads a packet of the stream's own source. */
  #read(data: Buffer, nowMs: number): void {
    this.reception.heard(rtp.ssrc, rtp.sequence);
    const { payloadType } = rtp;
    const codec = this.#codecs.get(payloadType);
    const samples = codec === undefined ? 0 : samplesIn(codec, data, rtp);
    if (codec !== undefined && samples > 0) {
      const { payloadStart, payloadEnd } = rtp;
      audio.data = data;
      audio.codec = codec;
      audio.samples = samples;
      if (!this.#line.read(audio, nowMs)) {
        this.counts.duplicate += 1;
        data.fill(0, payloadStart, payloadEnd);
      }
    } else {
      if (payloadType === this.#agreed.dtmfPayloadType) this.#readDigits(data);
      else this.#readOther();
      data.fill(0);
    }
    this.counts.lost = this.#line.lost;
    this.counts.reordered = this.#line.reordered;
  }

  /** Reads a packet other than audio. It ends a silence, unless it only keeps a path open. */
  #readOther(): void {
    const isNoise = rtp.payloadType === this.#agreed.comfortNoisePayloadType;
    const isEmpty = rtp.payloadStart === rtp.payloadEnd;
    if (isNoise) this.counts.comfortNoise += 1;
    else this.counts.unusable += 1;
    this.#line.note(rtp, isNoise || isEmpty ? 0 : undefined);
  }

  /** Reads when a digit is sent, never which: the byte that names the digit is not read. */
  #readDigits(data: Buffer): void {
    this.counts.dtmf += 1;
    if (rtp.payloadEnd - rtp.payloadStart < EVENT_BYTES) return;
    const samples = data.readUInt16BE(rtp.payloadStart + 2);
    const position = this.#line.note(rtp, samples);
    if (position === undefined) return;
    frame.position = position;
    frame.packet.samples = samples;
    frame.ended = ((data[rtp.payloadStart + 1] as number) & 0x80) !== 0;
    this.#options.onDigits(frame);
  }
}

/** Loads the packet as the one being read. */
function load(packet: RtpPacket): void {
  rtp.payloadType = packet.payloadType;
  rtp.marker = packet.marker;
  rtp.sequence = packet.sequence;
  rtp.timestamp = packet.timestamp;
  rtp.ssrc = packet.ssrc;
  rtp.payloadStart = packet.payloadStart;
  rtp.payloadEnd = packet.payloadEnd;
}
