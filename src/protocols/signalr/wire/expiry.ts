/**
 * Timers neither count beyond 2^31 ms nor notice that the wall clock was set or the machine slept,
 * so that the clock is looked at this often. All who wait this long share one list in Node.
 */
const MAX_WAIT_MS = 60_000;

/** Tells that a moment of the wall clock has come, which may be moved until then. */
export class Expiry {
  readonly #onExpired: () => void;
  #at = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(onExpired: () => void) {
    this.#onExpired = onExpired;
  }

  /** @param at Unix ms; undefined: never. False: it would be earlier than before, and is not. */
  extend(at: number | undefined): boolean {
    const next = at ?? Number.POSITIVE_INFINITY;
    if (this.#timer !== undefined && next < this.#at) return false;
    this.#at = next;
    this.#wait();
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    this.stop();
    if (this.#at === Number.POSITIVE_INFINITY) return;
    const remainingMs = this.#at - Date.now();
    const delayMs = Math.min(Math.max(remainingMs, 0), MAX_WAIT_MS);
    this.#timer = setTimeout(() => this.#look(), delayMs).unref();
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#at > Date.now()) this.#wait();
    else this.#onExpired();
  }
}
