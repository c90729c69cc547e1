import type { SenderReport } from '../../protocols/rtp/rtcp.ts';
import { Drift } from './drift.ts';
import { SenderClocks } from './sender-clocks.ts';

/** The call's clock. It starts with the first packet of any of its streams. */
export class CallClock {
  /** Monotonic ms; undefined until the first packet. */
  originMs: number | undefined;
  readonly senders = new SenderClocks();
}

/** A packet later than this beside the others is not merely late. */
const MAX_LATE_MS = 200;
/** A packet whose timestamp makes it earlier than this was not sent so early. */
const MAX_EARLY_MS = 100;
/** The same limit for a young time line, whose first packets may all have been delayed. */
const MAX_EARLY_YOUNG_MS = 1_000;
/** A time line younger than this has not shown its least delay. */
const MATURE_MS = 1_000;
/** A timestamp error below this fraction (1/4) of a packet is rounding. */
const LEAST_STEP = 4;
/** A sender report farther from its packets than this belongs to another time. */
const MAX_REPORT_MS = 10_000;
/** RFC 3550 section 6.4.1: each packet counts for a sixteenth. */
const JITTER_SHARE = 16;

/**
 * Verdict on a packet's timestamp, judged by its sequence number and its arrival.
 *
 * `Fits`: the timestamp says where the packet lies. `Late`: by the timestamp the packet was sent
 * long before it came; either it did come late, or the sender's clock stood still. `Adrift`: the
 * clock fell back or leapt, and the arrival does not show that the packet follows the previous one.
 */
export const Timing = { Fits: 0, Late: 1, Adrift: 2 } as const;
export type Timing = (typeof Timing)[keyof typeof Timing];

/** A packet newer than all before it, and how long its audio lasts. */
export interface Step {
  readonly timestamp: number;
  /** Sequence numbers since the previous packet; 1 where numbering restarted. */
  readonly ahead: number;
  /** Units of the RTP clock. */
  readonly samples: number;
}

/**
 * Puts one stream's RTP timestamps on the call's clock. Within a time line (one SSRC) distances
 * come from the timestamps, as long as numbers and arrival bear them out. `Drift` decides where the
 * line lies on the clock, so that a stalled thread does not shift it and two crystals do not part.
 * When a sender's clock stands still, falls back or leaps, the meaning of its timestamps moves and
 * the audio does not (docs/decisions/0018).
 */
export class TrackClock {
  readonly #call: CallClock;
  readonly #rate: number;
  #drift: Drift;
  #ssrc: number | undefined;
  /** Timestamp of the newest packet. */
  #lastTimestamp = 0;
  #lastRelative = 0;
  #lastSamples = 0;
  #beganAtMs = 0;
  /** Always a double, so that a packet stores it in place; NaN: no packet yet. */
  #lastOffset = Number.NaN;
  #jitter = 0;
  /** Misplaced time of finished time lines. */
  #wrongMs = 0;

  constructor(call: CallClock, rate: number) {
    this.#call = call;
    this.#rate = rate;
    this.#drift = new Drift(rate);
  }

  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Begins a time line, for another source or one that restarted. */
  begin({ ssrc, timestamp }: { ssrc: number; timestamp: number }, arrivalMs: number): void {
    this.#ssrc = ssrc;
    this.#lastTimestamp = timestamp;
    this.#lastRelative = 0;
    this.#lastSamples = 0;
    this.#lastOffset = Number.NaN;
    this.#beganAtMs = arrivalMs;
    this.#wrongMs += this.#drift.wrongMs;
    this.#drift = new Drift(this.#rate);
  }

  /** Starts the call's clock unless it already runs. */
  touch(arrivalMs: number): void {
    this.#call.originMs ??= arrivalMs;
  }

  /**
   * Judges a packet whose number is newer than all before it. If the timestamp is wrong, but number
   * and arrival agree that the packet follows the previous one, the time line continues there.
   */
  judge({ timestamp, ahead, samples }: Step, arrivalMs: number): Timing {
    if (Number.isNaN(this.#lastOffset)) return Timing.Fits;
    const least = this.#lastSamples / LEAST_STEP;
    const relative = this.#extend(timestamp);
    const follows = this.#lastRelative + ahead * this.#lastSamples;
    // Timestamps that overlap the audio before them fell back, or stand still.
    const fellBack = relative < this.#lastRelative + this.#lastSamples - least;
    const late = this.#lateness(relative, arrivalMs);
    const isMature = arrivalMs - this.#beganAtMs >= MATURE_MS;
    const early = this.#units(isMature ? MAX_EARLY_MS : MAX_EARLY_YOUNG_MS);
    const leapt = late < -early && relative - follows > least;
    if (!fellBack && !leapt) return late > this.#units(MAX_LATE_MS) ? Timing.Late : Timing.Fits;
    const lateThere = this.#lateness(follows, arrivalMs);
    const isThere = lateThere <= this.#units(MAX_LATE_MS) && lateThere >= -early;
    if (!isThere) return Timing.Adrift;
    this.#goOn(timestamp, follows, samples);
    return Timing.Fits;
  }

  /** Returns by how many units a packet is later than the least delay so far predicts. */
  late(timestamp: number, arrivalMs: number): number {
    return this.#lateness(this.#extend(timestamp), arrivalMs);
  }

  /** Converts ms to units of the RTP clock. */
  #units(ms: number): number {
    return (ms * this.#rate) / 1000;
  }

  /**
   * Records that the sender's clock stood still, fell back or leapt: from `timestamp` on,
   * timestamps mean `units` more than before, but never less than what is there already.
   */
  shift(timestamp: number, units: number): void {
    const least = this.#lastRelative + this.#lastSamples;
    this.#lastRelative = Math.max(least, this.#extend(timestamp) + Math.round(units));
    this.#lastTimestamp = timestamp;
    this.#lastSamples = 0;
  }

  /** Records what a packet shows of the path's delay. */
  hear(timestamp: number, arrivalMs: number): void {
    const offset = this.#arrival(arrivalMs) - this.#extend(timestamp);
    const change = Number.isNaN(this.#lastOffset) ? 0 : Math.abs(offset - this.#lastOffset);
    this.#jitter += (change - this.#jitter) / JITTER_SHARE;
    this.#lastOffset = offset;
    this.#drift.add(offset, arrivalMs);
  }

  /** Returns units since the time line's first packet; may be negative for a late one. */
  relative(timestamp: number, samples: number): number {
    const relative = this.#extend(timestamp);
    if (relative >= this.#lastRelative) this.#goOn(timestamp, relative, samples);
    return relative;
  }

  /** Returns the position of a packet without a time of sending; undefined for another source's. */
  place({ ssrc, timestamp }: { ssrc: number; timestamp: number }): number | undefined {
    return ssrc === this.#ssrc ? this.#extend(timestamp) : undefined;
  }

  /** Returns the monotonic ms at which audio would have come at the path's least known delay. */
  soonestMs(relative: number): number {
    return (this.#call.originMs ?? 0) + ((relative + this.#drift.least) * 1000) / this.#rate;
  }

  /** Returns for how long, in ms, the time line has been known. */
  ageMs(nowMs: number): number {
    return nowMs - this.#beganAtMs;
  }

  /** Takes a sender's report on its own clock, and ignores a report of another time. */
  report({ ssrc, ntpMs, timestamp }: SenderReport, cname: string): void {
    if (ssrc !== this.#ssrc || ntpMs === undefined) return;
    const ahead = this.#extend(timestamp) - this.#lastRelative;
    if (Math.abs(ahead) > this.#units(MAX_REPORT_MS)) return;
    const toMs = 1000 / this.#rate;
    const beganMs = ntpMs - this.#extend(timestamp) * toMs;
    const lateMs = this.#call.senders.lateness(cname, this, this.#drift.least * toMs - beganMs);
    this.#drift.correct(lateMs / toMs);
  }

  /** Units of the RTP clock. */
  get jitter(): number {
    return this.#jitter;
  }

  /** RFC 3550 section 6.4.1, measured as packets are read: a stall of this thread shows in it. */
  get jitterMs(): number {
    return (this.#jitter * 1000) / this.#rate;
  }

  /** Time in ms during which audio was placed more than 20 ms from its time. */
  get wrongMs(): number {
    return Math.round(this.#wrongMs + this.#drift.wrongMs);
  }

  /**
   * Returns the time line's beginning on the call's clock, in units; later calls move it slowly.
   */
  anchor(nowMs: number): number {
    return this.#drift.anchor(nowMs);
  }

  /** Returns where audio will lie, judging by the delays so far, before the anchor is final. */
  estimate(relative: number): number {
    return Math.round(this.#drift.estimate + relative);
  }

  /**
   * Lets the next audio begin where it belongs, since no audio lies beside it.
   * @param writtenUpTo on the call's clock: no audio is placed before it
   */
  realign(writtenUpTo: number | null): void {
    const next = this.#lastRelative + this.#lastSamples;
    this.#drift.realign(writtenUpTo === null ? Number.NEGATIVE_INFINITY : writtenUpTo - next);
  }

  /** Returns the position on the call's clock in units; 0 before the call's first packet. */
  positionAt(nowMs: number): number {
    if (this.#call.originMs === undefined) return 0;
    return Math.round(((nowMs - this.#call.originMs) * this.#rate) / 1000);
  }

  #lateness(relative: number, arrivalMs: number): number {
    return this.#arrival(arrivalMs) - relative - this.#drift.least;
  }

  #goOn(timestamp: number, relative: number, samples: number): void {
    this.#lastTimestamp = timestamp;
    this.#lastRelative = relative;
    this.#lastSamples = samples;
  }

  #extend(timestamp: number): number {
    return this.#lastRelative + ((timestamp - this.#lastTimestamp) | 0);
  }

  #arrival(arrivalMs: number): number {
    this.touch(arrivalMs);
    return ((arrivalMs - (this.#call.originMs ?? arrivalMs)) * this.#rate) / 1000;
  }
}
