import type { Pulse } from './pulse.ts';

/** The most that one look counts: a stalled media thread cannot tell how long it heard nothing. */
const MAX_COUNTED_MS = 200;

/**
 * Tells a media thread whether the main thread is there to deliver commands. Time in which the
 * media thread itself stood still hardly counts: when the whole process stalls, nothing is recorded
 * that a Pause could have stopped. After a stall longer than the timeout, another process may be in
 * command: nothing is kept until the main thread has confirmed its ownership.
 */
export class Attendance {
  readonly #pulse: Pulse;
  readonly #timeoutMs: number;
  #beatAtMs: number;
  #lookedAtMs: number;
  #unheardMs = 0;

  /** @param timeoutMs 0: no limit on the main thread's silence */
  constructor(pulse: Pulse, timeoutMs: number, nowMs: number) {
    this.#pulse = pulse;
    this.#timeoutMs = timeoutMs;
    this.#beatAtMs = pulse.beatAtMs;
    this.#lookedAtMs = nowMs;
  }

  /** Called several times a second. Returns false when no Pause could reach a stream now. */
  isAttended(nowMs: number): boolean {
    const { beatAtMs } = this.#pulse;
    const isNew = beatAtMs !== this.#beatAtMs;
    // A beat says nothing about the time since: the whole process may have stalled after it.
    const sinceMs = isNew ? Math.max(beatAtMs, this.#lookedAtMs) : this.#lookedAtMs;
    this.#unheardMs = (isNew ? 0 : this.#unheardMs) + this.#counted(nowMs - sinceMs);
    this.#beatAtMs = beatAtMs;
    this.#lookedAtMs = nowMs;
    if (!this.#pulse.isOwned) return false;
    return this.#timeoutMs === 0 || this.#unheardMs < this.#timeoutMs;
  }

  #counted(elapsedMs: number): number {
    return elapsedMs >= this.#timeoutMs ? elapsedMs : Math.min(elapsedMs, MAX_COUNTED_MS);
  }
}
