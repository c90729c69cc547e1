import { MAX_DROPOUT, MAX_MISORDER } from './reception.ts';

const CYCLE = 65_536;
const WINDOW = 64;
const NONE = -1;

/** What a packet's number says beside those before it (RFC 3550 appendix A.1). */
export const Order = {
  /** Newer than all before it. */
  Next: 0,
  /** Behind one that was sent after it. */
  Late: 1,
  /** It came already, or it fits nowhere. */
  Drop: 2,
  /** The source began to count anew: nothing was lost. */
  Anew: 3,
} as const;
export type Order = (typeof Order)[keyof typeof Order];

/** One source's numbers: what came twice, what is missing, and where counting began anew. */
export class SequenceNumbers {
  readonly #seen = new Int32Array(WINDOW).fill(NONE);
  #last = NONE;
  #lastTimestamp = 0;
  #expectedAnew = NONE;
  /** Numbers passed over and not come yet. */
  lost = 0;
  reordered = 0;
  /** Of the last packet that was next: numbers since the one before it. */
  ahead = 1;

  /** A packet of audio. */
  take(sequence: number, timestamp: number): Order {
    const isNewer = ((timestamp - this.#lastTimestamp) | 0) > 0;
    const order = this.#orderOf(sequence, isNewer);
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
    return order;
  }

  /** A packet that is no audio, and may come several times under one timestamp. */
  follow(sequence: number): void {
    const ahead = (sequence - this.#last) & 0xffff;
    if (this.#last !== NONE && (ahead === 0 || ahead >= MAX_DROPOUT)) return;
    if (this.#last !== NONE) this.lost += ahead - 1;
    this.#last = sequence;
  }

  /** What is lost stays lost. */
  reset(): void {
    this.#seen.fill(NONE);
    this.#last = NONE;
    this.#expectedAnew = NONE;
  }

  #orderOf(sequence: number, isNewer: boolean): Order {
    if (this.#last === NONE) return Order.Next;
    const ahead = (sequence - this.#last) & 0xffff;
    if (ahead > 0 && ahead < MAX_DROPOUT) return Order.Next;
    if (isNewer) return Order.Anew;
    if (this.#seen[sequence % WINDOW] === sequence) return Order.Drop;
    if (ahead > CYCLE - MAX_MISORDER) return Order.Late;
    // Number and timestamp both fell back: two in a row are a source that began anew.
    const isSecond = sequence === this.#expectedAnew;
    this.#expectedAnew = (sequence + 1) & 0xffff;
    return isSecond ? Order.Anew : Order.Drop;
  }
}
