/**
 * Interval at which the clock is read: timers neither count beyond 2^31 ms nor notice that the wall
 * clock was set or the machine slept. All timers of this length share one list in Node.
 */
const MAX_WAIT_MS = 60_000;

/** Fires at a moment of the wall clock, which may be moved until then. */
export class Expiry {
  readonly #onExpired: () => void;
  #at = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(onExpired: () => void) {
    this.#onExpired = onExpired;
  }

  /** Moves it to `at`, Unix ms (undefined: never); returns false, unmoved, if that is earlier. */
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
