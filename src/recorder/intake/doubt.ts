import type { Codec } from '../../domain/model/track.ts';
import { Timing, type TrackClock } from '../clock/track-clock.ts';
import { type HeldPacket, wipe } from './held-packets.ts';

/** A shift that has lasted so long is the sender's clock, not a burst on the way. */
const SETTLE_MS = 500;
/** A backlog that is still being worked off after this is a path that became slower. */
const GIVE_UP_MS = 2_000;
/** Packets that come this much earlier than those before them are a backlog being worked off. */
const CATCHING_UP_MS = 60;
/** A backlog is worked off when its packets are no later than this. */
const CAUGHT_UP_MS = 100;
/** No path changes by more from one packet to the next; a clock stands still, or leaps. */
const MAX_PATH_MS = 1_000;
const MAX_PACKETS = 512;

/** A packet of audio whose place is not certain yet. */
export interface DoubtfulPacket {
  readonly packet: HeldPacket;
  readonly codec: Codec;
  readonly samples: number;
  /** It is newer than all before it, by its number. */
  readonly isNext: boolean;
  /** Then, numbers since the one before it. */
  readonly ahead: number;
}

/** How a doubt ended: what timestamps mean beside what they meant, in units of the RTP clock. */
export interface Settlement {
  readonly packets: readonly DoubtfulPacket[];
  readonly shift: number;
  /** The path may have become slower by so many ms instead. */
  readonly slowerMs: number;
  /** By so many ms earlier their thread, had it not stood still, may have read them. */
  readonly uncertainMs: number;
}

/**
 * Packets whose timestamps, numbers and arrivals contradict each other, or that are the first of a
 * time line while it matters when they were sent. They wait in memory for at most two seconds: a
 * backlog that is worked off proves the timestamps right, a steady shift proves them wrong.
 */
export class Doubt {
  readonly #clock: TrackClock;
  readonly #rate: number;
  #timing: Timing = Timing.Fits;
  #packets: DoubtfulPacket[] = [];
  /** Per packet, in units: how late it came by its timestamp. */
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
   * True for a packet that contradicts the ones that wait, by falling back behind them or by
   * counting more time than passed since they came: they are to be settled first.
   */
  contradicts(timestamp: number, samples: number, arrivalMs: number): boolean {
    if (!this.isOpen) return false;
    const beyond = (timestamp - this.#end) | 0;
    if (beyond < -samples / 2) return true;
    if (beyond < samples / 2) return false;
    const earlier = (this.#late.at(-1) ?? 0) - this.#clock.late(timestamp, arrivalMs);
    return earlier > this.#units(MAX_PATH_MS);
  }

  /** True once what came so far tells. */
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

  /** Overwrites and forgets them; tells how many they were. */
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

  /** The least delay is what tells; so much less it may be. */
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

  /** The second half of what waits came clearly earlier, by its timestamps, than the first half. */
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
