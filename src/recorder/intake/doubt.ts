import type { Codec } from '../../domain/model/track.ts';
import { Timing, type TrackClock } from '../clock/track-clock.ts';
import { type HeldPacket, wipe } from './held-packets.ts';

/** A shift that lasts this long comes from the sender's clock, not from a burst on the way. */
const SETTLE_MS = 500;
/** A backlog that lasts longer than this is a path that became slower. */
const GIVE_UP_MS = 2_000;
/** Packets this much earlier than those before them are a backlog being worked off. */
const CATCHING_UP_MS = 60;
/** A backlog is worked off when its packets are no later than this. */
const CAUGHT_UP_MS = 100;
/** No path changes by more from one packet to the next: the clock stood still, or leapt. */
const MAX_PATH_MS = 1_000;
const MAX_PACKETS = 512;

/** A packet of audio whose place is not certain yet. */
export interface DoubtfulPacket {
  readonly packet: HeldPacket;
  readonly codec: Codec;
  readonly samples: number;
  /** True when its sequence number is newer than all before it. */
  readonly isNext: boolean;
  /** Sequence numbers since the previous packet; valid with `isNext`. */
  readonly ahead: number;
}

/** Outcome of a doubt: the shift in the meaning of timestamps, in units of the RTP clock. */
export interface Settlement {
  readonly packets: readonly DoubtfulPacket[];
  readonly shift: number;
  /** The path may instead have become slower by this many ms. */
  readonly slowerMs: number;
  /** Without its stall, the thread might have read the packets this many ms earlier. */
  readonly uncertainMs: number;
}

/**
 * Packets whose timestamps, numbers and arrivals contradict each other, or the first packets of a
 * time line while their time of sending matters. They wait in memory for at most two seconds: a
 * backlog being worked off proves the timestamps right, a steady shift proves them wrong.
 */
export class Doubt {
  readonly #clock: TrackClock;
  readonly #rate: number;
  #timing: Timing = Timing.Fits;
  #packets: DoubtfulPacket[] = [];
  /** Lateness of each packet by its timestamp, in units. */
  #late: number[] = [];
  #end = 0;

  constructor(clock: TrackClock, rate: number) {
    this.#clock = clock;
    this.#rate = rate;
  }

  get isOpen(): boolean {
    return this.#packets.length > 0;
  }

  /** @param timing why its first packet is doubtful; `Fits`: the time line is young */
  begin(timing: Timing): void {
    this.#timing = timing;
  }

  add(doubtful: DoubtfulPacket): void {
    const { timestamp, arrivedAtMs } = doubtful.packet;
    this.#packets.push(doubtful);
    this.#late.push(this.#clock.late(timestamp, arrivedAtMs));
    if (doubtful.isNext) this.#end = timestamp + doubtful.samples;
  }

  /**
   * Returns true for a packet that contradicts the waiting ones, because it falls back behind them
   * or spans more time than has passed since they came. They must be settled first.
   */
  contradicts(timestamp: number, samples: number, arrivalMs: number): boolean {
    const last = this.#packets.at(-1)?.packet;
    if (!last) return false;
    const beyond = (timestamp - this.#end) | 0;
    if (beyond < -samples / 2) return true;
    if (beyond < samples / 2) return false;
    // Beside the one before it, since nothing of the time line's delay may be known.
    const passed = this.#units(arrivalMs - last.arrivedAtMs);
    return ((timestamp - last.timestamp) | 0) - passed > this.#units(MAX_PATH_MS);
  }

  /** Returns true once the packets so far allow a decision. */
  isDecided(nowMs: number): boolean {
    if (!this.isOpen) return false;
    const ageMs = nowMs - this.#firstMs;
    if (this.#packets.length >= MAX_PACKETS || ageMs >= GIVE_UP_MS) return true;
    if (this.#timing === Timing.Late && this.#isCaughtUp) return true;
    if (ageMs < SETTLE_MS) return false;
    return this.#timing !== Timing.Late || !this.#isCatchingUp(nowMs);
  }

  /** Ends the doubt, decided or not. */
  settle(nowMs: number): Settlement {
    const { isShift, least } = this.#verdict(nowMs);
    const shift = isShift ? least : 0;
    const shiftMs = (shift * 1000) / this.#rate;
    const isPath = this.#timing === Timing.Late && shiftMs > 0 && shiftMs <= MAX_PATH_MS;
    const isNews = isShift || this.#timing === Timing.Fits;
    const uncertainMs = isNews ? this.#uncertainMs : 0;
    const packets = this.#packets;
    this.#packets = [];
    this.#late = [];
    return { packets, shift, slowerMs: isPath ? shiftMs : 0, uncertainMs };
  }

  /** Overwrites and forgets the packets; returns how many there were. */
  erase(): number {
    const count = this.#packets.length;
    wipe(this.#packets.map(({ packet }) => packet));
    this.#packets = [];
    this.#late = [];
    return count;
  }

  #verdict(nowMs: number): { isShift: boolean; least: number } {
    const least = Math.min(...this.#late);
    if (this.#timing === Timing.Fits) return { isShift: false, least };
    if (this.#timing === Timing.Adrift) return { isShift: true, least };
    const isEarlyDecision = nowMs - this.#firstMs < SETTLE_MS;
    const isShift = isEarlyDecision
      ? least > this.#units(MAX_PATH_MS)
      : !this.#isCaughtUp && !this.#isCatchingUp(nowMs);
    return { isShift, least };
  }

  /** The least delay decides; it may be too high by this much. */
  get #uncertainMs(): number {
    const first = this.#packets[0]?.packet.timestamp ?? 0;
    let [least, earliest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const { packet } of this.#packets) {
      const sentMs = (((packet.timestamp - first) | 0) * 1000) / this.#rate;
      least = Math.min(least, packet.arrivedAtMs - sentMs);
      earliest = Math.min(earliest, packet.cameAfterMs - sentMs);
    }
    return least - earliest;
  }

  get #firstMs(): number {
    return this.#packets[0]?.packet.arrivedAtMs ?? 0;
  }

  get #isCaughtUp(): boolean {
    return (this.#late.at(-1) ?? 0) <= this.#units(CAUGHT_UP_MS);
  }

  /** True when the second half of the waiting packets came clearly earlier, by timestamp. */
  #isCatchingUp(nowMs: number): boolean {
    const middleMs = (this.#firstMs + nowMs) / 2;
    let [first, second] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const [index, { packet }] of this.#packets.entries()) {
      const late = this.#late[index] as number;
      if (packet.arrivedAtMs < middleMs) first = Math.min(first, late);
      else second = Math.min(second, late);
    }
    return first - second > this.#units(CATCHING_UP_MS);
  }

  #units(ms: number): number {
    return (ms * this.#rate) / 1000;
  }
}
