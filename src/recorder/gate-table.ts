import { type GapReason, gapReasons } from '../domain/records.ts';

/**
 * A call's gate, in memory that the main thread and the workers share:
 *
 *   open ----(Pause: at once)----> closing ----(every stream read its marker)----> shut
 *     ^                               |                                              |
 *     |                               +---(a stream did not confirm in time)-------->+
 *     +-----------------------------(Start, after its commit)------------------------+
 *
 * While it is closing, frames that are read are held aside in memory until their stream's marker
 * says on which side of the command they lie.
 */
export const Gate = { Open: 0, Closing: 1, Shut: 2 } as const;
export type Gate = (typeof Gate)[keyof typeof Gate];

const reasons = [...gapReasons, 'end'] as const;
export type ClosingReason = GapReason | 'end';

const WORDS_PER_SLOT = 2;

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
    return Atomics.load(this.#words, slot * WORDS_PER_SLOT) as Gate;
  }

  reason(slot: number): ClosingReason {
    return reasonOf(Atomics.load(this.#words, slot * WORDS_PER_SLOT + 1));
  }

  set(slot: number, gate: Gate, reason?: ClosingReason): void {
    if (reason) Atomics.store(this.#words, slot * WORDS_PER_SLOT + 1, codeOf(reason));
    Atomics.store(this.#words, slot * WORDS_PER_SLOT, gate);
  }
}

export function codeOf(reason: ClosingReason): number {
  return reasons.indexOf(reason);
}

export function reasonOf(code: number): ClosingReason {
  return reasons[code] ?? 'stop';
}
