import type { RtpPacket } from '../protocols/rtp/packet.ts';
import type { SenderReport } from '../protocols/rtp/rtcp.ts';
import { Drift } from './drift.ts';
import { SenderClocks } from './sender-clocks.ts';

/** The call's clock starts with the first packet of any of its streams. */
export class CallClock {
  /** Monotonic ms; undefined until the first packet. */
  originMs: number | undefined;
  readonly senders = new SenderClocks();
}

/** Timestamps and arrival that disagree by more than this are another time line, not jitter. */
const MAX_DISAGREEMENT_MS = 10_000;
/** RFC 3550 section 6.4.1: each packet counts for a sixteenth. */
const JITTER_SHARE = 16;

/**
 * Puts one stream's RTP timestamps on the call's clock. Within a time line (one SSRC, no jump)
 * distances come from the timestamps; where the line lies on the clock is `Drift`'s to say, so
 * that a stalled thread does not shift it and two crystals do not part.
 */
export class TrackClock {
  readonly #call: CallClock;
  readonly #rate: number;
  #drift: Drift;
  #ssrc: number | undefined;
  #lastTimestamp = 0;
  #lastRelative = 0;
  #lastOffset: number | undefined;
  #jitter = 0;

  constructor(call: CallClock, rate: number) {
    this.#call = call;
    this.#rate = rate;
    this.#drift = new Drift(rate);
  }

  /** True when the packet begins another time line: `restart` must come before `relative`. */
  breaks(packet: RtpPacket, arrivalMs: number): boolean {
    if (packet.ssrc !== this.#ssrc) return true;
    const offset = this.#arrival(arrivalMs) - this.#extend(packet.timestamp);
    return Math.abs(offset - this.#drift.expected) > (MAX_DISAGREEMENT_MS * this.#rate) / 1000;
  }

  restart(packet: RtpPacket): void {
    this.#ssrc = packet.ssrc;
    this.#lastTimestamp = packet.timestamp;
    this.#lastRelative = 0;
    this.#lastOffset = undefined;
    this.#drift = new Drift(this.#rate);
  }

  /** Units since the time line's first packet; may be negative for one that came late. */
  relative(packet: RtpPacket, arrivalMs: number): number {
    const relative = this.#extend(packet.timestamp);
    if (relative > this.#lastRelative) {
      this.#lastRelative = relative;
      this.#lastTimestamp = packet.timestamp;
    }
    const offset = this.#arrival(arrivalMs) - relative;
    const change = Math.abs(offset - (this.#lastOffset ?? offset));
    this.#jitter += (change - this.#jitter) / JITTER_SHARE;
    this.#lastOffset = offset;
    this.#drift.add(offset, arrivalMs);
    return relative;
  }

  /** Where a packet lies that says nothing of when it was sent; undefined for another source's. */
  place(packet: RtpPacket): number | undefined {
    return packet.ssrc === this.#ssrc ? this.#extend(packet.timestamp) : undefined;
  }

  /** What the stream's sender says of its own clock; a report of another time is none. */
  report({ ssrc, ntpMs, timestamp }: SenderReport, cname: string): void {
    if (ssrc !== this.#ssrc || ntpMs === undefined) return;
    const ahead = this.#extend(timestamp) - this.#lastRelative;
    if (Math.abs(ahead) > (MAX_DISAGREEMENT_MS * this.#rate) / 1000) return;
    const toMs = 1000 / this.#rate;
    const beganMs = ntpMs - this.#extend(timestamp) * toMs;
    const lateMs = this.#call.senders.lateness(cname, this, this.#drift.least * toMs - beganMs);
    this.#drift.correct(lateMs / toMs);
  }

  /** Units of the RTP clock. */
  get jitter(): number {
    return this.#jitter;
  }

  /** RFC 3550 section 6.4.1, as packets were read: a stalled thread of ours shows in it. */
  get jitterMs(): number {
    return (this.#jitter * 1000) / this.#rate;
  }

  /** Where the time line begins on the call's clock, in units; it moves slowly once asked for. */
  anchor(nowMs: number): number {
    return this.#drift.anchor(nowMs);
  }

  /** Units on the call's clock at that moment; 0 before the call's first packet. */
  positionAt(nowMs: number): number {
    if (this.#call.originMs === undefined) return 0;
    return Math.round(((nowMs - this.#call.originMs) * this.#rate) / 1000);
  }

  #extend(timestamp: number): number {
    return this.#lastRelative + ((timestamp - this.#lastTimestamp) | 0);
  }

  #arrival(arrivalMs: number): number {
    this.#call.originMs ??= arrivalMs;
    return ((arrivalMs - this.#call.originMs) * this.#rate) / 1000;
  }
}
