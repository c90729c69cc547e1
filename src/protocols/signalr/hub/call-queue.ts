import type { ReadGate } from '../wire/read-gate.ts';

export interface CallQueueLimits {
  readonly maxParallelInvocations: number;
  readonly maxPendingInvocations: number;
}

/** Gets a function that ends its turn early; the turn ends with the call in any case. */
export type QueuedCall = (giveUpTurn: () => void) => Promise<void>;

/** Calls of one client, begun in order, `maxParallelInvocations` of them at a time. */
export class CallQueue {
  readonly #limits: CallQueueLimits;
  readonly #gate: ReadGate;
  #waiting: QueuedCall[] = [];
  #freeTurns: number;
  #stalling = false;

  constructor(limits: CallQueueLimits, gate: ReadGate) {
    this.#limits = limits;
    this.#gate = gate;
    this.#freeTurns = limits.maxParallelInvocations;
  }

  add(call: QueuedCall): void {
    this.#waiting.push(call);
    this.#startNext();
  }

  /** Holds calls until the returned function is called. */
  hold(): () => void {
    const { maxParallelInvocations } = this.#limits;
    this.#freeTurns -= maxParallelInvocations;
    return () => {
      this.#freeTurns += maxParallelInvocations;
      this.#startNext();
    };
  }

  /** Drops calls that have not begun. */
  clear(): void {
    this.#waiting = [];
  }

  #startNext(): void {
    while (this.#freeTurns > 0) {
      const call = this.#waiting.shift();
      if (call === undefined) break;
      this.#freeTurns--;
      const giveUpTurn = this.#turn();
      void call(giveUpTurn).finally(giveUpTurn);
    }
    this.#checkLength();
  }

  #turn(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#freeTurns++;
      this.#startNext();
    };
  }

  /** Stops reading a client for a while if it calls faster than it is served. */
  #checkLength(): void {
    const full = this.#waiting.length >= this.#limits.maxPendingInvocations;
    if (full === this.#stalling) return;
    this.#stalling = full;
    if (full) this.#gate.stall();
    else this.#gate.release();
  }
}
