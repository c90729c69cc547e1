import type { RtpPacket } from '../protocols/rtp/packet.ts';

/** The call's clock starts with the first packet of any of its streams. */
export interface CallClock {
  /** Monotonic ms; undefined until the first packet. */
  originMs: number | undefined;
}

/** Timestamps and arrival that disagree by more than this are another time line, not jitter. */
const MAX_DISAGREEMENT_MS = 10_000;

/**
 * Puts one stream's RTP timestamps on the call's clock. Within a time line (one SSRC, no jump)
 * distances come from the timestamps alone; where the line lies on the clock is the least delay
 * that its first second saw, so that a stalled thread does not shift it.
 */
export class TrackClock {
  readonly #call: CallClock;
  readonly #rate: number;
  #ssrc: number | undefined;
  #lastTimestamp = 0;
  #lastRelative = 0;
  #leastOffset = Number.POSITIVE_INFINITY;
  #anchor: number | undefined;

  constructor(call: CallClock, rate: number) {
    this.#call = call;
    this.#rate = rate;
  }

  /** True when the packet begins another time line: `restart` must come before `relative`. */
  breaks(packet: RtpPacket, arrivalMs: number): boolean {
    if (packet.ssrc !== this.#ssrc) return true;
    const offset = this.#arrival(arrivalMs) - this.#extend(packet.timestamp);
    const expected = this.#anchor ?? this.#leastOffset;
    return Math.abs(offset - expected) > (MAX_DISAGREEMENT_MS * this.#rate) / 1000;
  }

  restart(packet: RtpPacket): void {
    this.#ssrc = packet.ssrc;
    this.#lastTimestamp = packet.timestamp;
    this.#lastRelative = 0;
    this.#leastOffset = Number.POSITIVE_INFINITY;
    this.#anchor = undefined;
  }

  /** Samples since the time line's first packet; may be negative for one that came late. */
  relative(packet: RtpPacket, arrivalMs: number): number {
    const relative = this.#extend(packet.timestamp);
    if (relative > this.#lastRelative) {
      this.#lastRelative = relative;
      this.#lastTimestamp = packet.timestamp;
    }
    const offset = this.#arrival(arrivalMs) - relative;
    if (offset < this.#leastOffset) this.#leastOffset = offset;
    return relative;
  }

  /** Where the time line begins on the call's clock, in samples; fixed from the first call on. */
  anchor(): number {
    this.#anchor ??= Math.round(this.#leastOffset);
    return this.#anchor;
  }

  /** Samples on the call's clock at that moment; 0 before the call's first packet. */
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
