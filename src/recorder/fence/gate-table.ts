import { type GapReason, gapReasons } from '../../domain/model/gap.ts';

/**
 * A call's gate, in memory that the main thread and the media threads share:
 *
 *   open ----(Pause: at once)----> closing ----(every stream read its marker)----> shut
 *     ^                               |                                              |
 *     |                               +---(a stream did not confirm in time)-------->+
 *     +-----------------------------(Start, after its commit)------------------------+
 *
 * While it is closing, frames that are read are held aside in memory until their stream's marker
 * says on which side of the command they lie.
 *
 * Every change bears the number of the order that made it, and the newest order alone counts: a
 * marker of an older one that is still queued does nothing, and a stream that has not read the
 * marker of an order to open stays shut (docs/decisions/0002).
 */
export const Gate = { Open: 0, Closing: 1, Shut: 2 } as const;
export type Gate = (typeof Gate)[keyof typeof Gate];

const reasons = [...gapReasons, 'end'] as const;
export type ClosingReason = GapReason | 'end';

const WORDS_PER_SLOT = 2;
/** A gate and its order are one word: no thread ever reads one without the other. */
const GATE_BITS = 2;

/** Fixed number of slots; one per call in progress. */
export class GateTable {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #free: number[] = [];

  constructor(slots: number, memory = new SharedArrayBuffer(slots * WORDS_PER_SLOT * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    for (let slot = slots - 1; slot >= 0; slot -= 1) this.#free.push(slot);
  }

  /** A slot, or undefined when all are taken. It is shut until it is set. */
  allocate(): number | undefined {
    const slot = this.#free.pop();
    if (slot !== undefined) this.set(slot, Gate.Shut, 'stop');
    return slot;
  }

  release(slot: number): void {
    this.set(slot, Gate.Shut, 'end');
    this.#free.push(slot);
  }

  get(slot: number): Gate {
    return gateOf(this.word(slot));
  }

  /** The order that the gate stands by. */
  order(slot: number): number {
    return orderOf(this.word(slot));
  }

  /** Gate and order at once, as `gateOf` and `orderOf` read them. */
  word(slot: number): number {
    return Atomics.load(this.#words, slot * WORDS_PER_SLOT);
  }

  reason(slot: number): ClosingReason {
    return reasonOf(Atomics.load(this.#words, slot * WORDS_PER_SLOT + 1));
  }

  /** @param order the one before goes on counting where it is left out */
  set(slot: number, gate: Gate, reason?: ClosingReason, order = this.order(slot)): void {
    if (reason) Atomics.store(this.#words, slot * WORDS_PER_SLOT + 1, codeOf(reason));
    Atomics.store(this.#words, slot * WORDS_PER_SLOT, (order << GATE_BITS) | gate);
  }
}

export function gateOf(word: number): Gate {
  return (word & ((1 << GATE_BITS) - 1)) as Gate;
}

export function orderOf(word: number): number {
  return word >>> GATE_BITS;
}

export function codeOf(reason: ClosingReason): number {
  return reasons.indexOf(reason);
}

export function reasonOf(code: number): ClosingReason {
  return reasons[code] ?? 'stop';
}
