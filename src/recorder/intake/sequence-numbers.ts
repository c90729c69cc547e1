import { MAX_DROPOUT, MAX_MISORDER } from './reception.ts';

const CYCLE = 65_536;
const WINDOW = 64;
const NONE = -1;
/** Units for which a source may have been silent between an old packet and the newest one. */
const MAX_SILENCE = 60 * 8_000;

/** The fields that determine a packet's place. */
export interface NumberedPacket {
  readonly sequence: number;
  readonly timestamp: number;
  /** Units of the RTP clock. */
  readonly samples: number;
}

/** Position of a packet's number relative to those before it (RFC 3550 appendix A.1). */
export const Order = {
  /** Newer than all before it. */
  Next: 0,
  /** Behind one that was sent after it. */
  Late: 1,
  /** It came already, or it fits nowhere. */
  Drop: 2,
  /** The source restarted its numbering: nothing was lost. */
  Anew: 3,
} as const;
export type Order = (typeof Order)[keyof typeof Order];

/** One source's sequence numbers: tells duplicates, losses and restarts of the numbering. */
export class SequenceNumbers {
  readonly #seen = new Int32Array(WINDOW).fill(NONE);
  #last = NONE;
  #lastTimestamp = 0;
  #lastSamples = 0;
  #expectedAnew = NONE;
  /** Numbers skipped that have not come yet. */
  lost = 0;
  reordered = 0;
  /** Distance of the last `Next` packet from the one before it, in numbers. */
  ahead = 1;

  /**
   * Takes a packet of audio.
   * @param isWary a packet that may be old must not count as new
   */
  take(packet: NumberedPacket, isWary: boolean): Order {
    const { sequence, timestamp, samples } = packet;
    const order = this.#orderOf(packet, isWary);
    if (order === Order.Drop) return order;
    if (order === Order.Anew) this.reset();
    this.#seen[sequence % WINDOW] = sequence;
    if (order === Order.Late) {
      this.reordered += 1;
      this.lost = Math.max(0, this.lost - 1);
      return order;
    }
    this.ahead = this.#last === NONE ? 1 : (sequence - this.#last) & 0xffff;
    this.lost += this.ahead - 1;
    this.#last = sequence;
    this.#lastTimestamp = timestamp;
    this.#lastSamples = samples;
    this.#expectedAnew = NONE;
    return order;
  }

  /** Follows a packet other than audio, which may come several times under one timestamp. */
  follow(sequence: number): void {
    const ahead = (sequence - this.#last) & 0xffff;
    if (this.#last !== NONE && (ahead === 0 || ahead >= MAX_DROPOUT)) return;
    if (this.#last !== NONE) this.lost += ahead - 1;
    this.#last = sequence;
  }

  /** Resets the counting; lost packets stay lost. */
  reset(): void {
    this.#seen.fill(NONE);
    this.#last = NONE;
    this.#expectedAnew = NONE;
  }

  #orderOf({ sequence, timestamp }: NumberedPacket, isWary: boolean): Order {
    if (this.#last === NONE) return Order.Next;
    const ahead = (sequence - this.#last) & 0xffff;
    if (ahead > 0 && ahead < MAX_DROPOUT) return Order.Next;
    const age = (this.#lastTimestamp - timestamp) | 0;
    if (age < 0) return Order.Anew;
    if (this.#seen[sequence % WINDOW] === sequence) return Order.Drop;
    if (ahead > CYCLE - MAX_MISORDER || this.#isOld(CYCLE - ahead, age)) return Order.Late;
    // Number and timestamp both fell back: two such packets in a row mean a restarted source.
    const isSecond = sequence === this.#expectedAnew;
    this.#expectedAnew = (sequence + 1) & 0xffff;
    return isSecond && !isWary ? Order.Anew : Order.Drop;
  }

  /** True when number and timestamp fell back alike: the packet was delayed for long. */
  #isOld(behind: number, age: number): boolean {
    const spoken = behind * this.#lastSamples;
    return behind < CYCLE / 2 && age * 2 >= spoken && age <= spoken + MAX_SILENCE;
  }
}
