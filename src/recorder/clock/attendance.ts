import type { Pulse } from './pulse.ts';

/** A media thread that stood still itself does not know for how long it heard nothing. */
const MAX_COUNTED_MS = 200;

/**
 * Tells a media thread whether the main thread is there to hear commands. Time in which the media
 * thread itself stood still hardly counts: when the whole process does, nothing is recorded that a
 * Pause could have stopped. After a standstill that is longer than the time-out another process may
 * be in command: then nothing is kept until the main thread has made sure.
 */
export class Attendance {
  readonly #pulse: Pulse;
  readonly #timeoutMs: number;
  #beatAtMs: number;
  #lookedAtMs: number;
  #unheardMs = 0;

  /** @param timeoutMs 0: the main thread may be silent for ever */
  constructor(pulse: Pulse, timeoutMs: number, nowMs: number) {
    this.#pulse = pulse;
    this.#timeoutMs = timeoutMs;
    this.#beatAtMs = pulse.beatAtMs;
    this.#lookedAtMs = nowMs;
  }

  /** To be asked several times a second; false: no Pause could reach a stream now. */
  isAttended(nowMs: number): boolean {
    const { beatAtMs } = this.#pulse;
    const isNew = beatAtMs !== this.#beatAtMs;
    // A beat says nothing of the time since: the whole process may have stood still behind it.
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
