export interface FailureLimit {
  /** Failures within the window; what follows is refused unlooked at. */
  readonly most: number;
  readonly windowMs: number;
  readonly maxKeys: number;
  /** Unix ms */
  now(): number;
}

interface Failures {
  count: number;
  /** When the oldest of them is forgotten, and the others with it. */
  readonly endsAt: number;
}

/** Counts failed sign-ins per key. Of more keys than fit, the one whose count began first goes. */
export class FailedAttempts {
  readonly #limit: FailureLimit;
  readonly #failures = new Map<string, Failures>();

  constructor(limit: FailureLimit) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#failures.size;
  }

  /** 0, or the seconds after which the key may be tried again. */
  retryAfterSeconds(key: string): number {
    const failures = this.#current(key);
    if (!failures || failures.count < this.#limit.most) return 0;
    return Math.max(1, Math.ceil((failures.endsAt - this.#limit.now()) / 1000));
  }

  /** Counted before it is known to have failed, so that many at once cannot slip through. */
  begin(key: string): void {
    const known = this.#current(key);
    if (known) {
      known.count += 1;
      return;
    }
    if (this.#failures.size >= this.#limit.maxKeys) this.#forgetFirst();
    this.#failures.set(key, { count: 1, endsAt: this.#limit.now() + this.#limit.windowMs });
  }

  /** It did not fail after all. */
  takeBack(key: string): void {
    const known = this.#current(key);
    if (known && known.count > 0) known.count -= 1;
  }

  #current(key: string): Failures | undefined {
    const failures = this.#failures.get(key);
    if (!failures || failures.endsAt > this.#limit.now()) return failures;
    this.#failures.delete(key);
    return undefined;
  }

  #forgetFirst(): void {
    for (const key of this.#failures.keys()) {
      this.#failures.delete(key);
      return;
    }
  }
}
