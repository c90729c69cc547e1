export interface FailureLimit {
  /** Failures within the window; what follows is refused unlooked at. */
  readonly most: number;
  readonly windowMs: number;
  readonly maxKeys: number;
  /** Unix ms */
  now(): number;
}

interface Attempts {
  failed: number;
  /** Not known yet: counted, so that many at once cannot slip through. */
  unfinished: number;
  /** When the oldest failure is forgotten, and the others with it. */
  endsAt: number;
}

/** Counts failed sign-ins per key. Of more keys than fit, the one whose count began first goes. */
export class FailedAttempts {
  readonly #limit: FailureLimit;
  readonly #attempts = new Map<string, Attempts>();

  constructor(limit: FailureLimit) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#attempts.size;
  }

  /** 0, or the seconds after which the key may be tried again. */
  retryAfterSeconds(key: string): number {
    const { most } = this.#limit;
    const { failed, unfinished, endsAt } = this.#current(key);
    if (failed >= most) return Math.max(1, Math.ceil((endsAt - this.#limit.now()) / 1000));
    // Those under way may all be good: it is soon known.
    return failed + unfinished >= most ? 1 : 0;
  }

  begin(key: string): void {
    const attempts = this.#current(key);
    attempts.unfinished += 1;
    if (this.#attempts.has(key)) return;
    if (this.#attempts.size >= this.#limit.maxKeys) this.#forgetFirst();
    this.#attempts.set(key, attempts);
  }

  /** Every attempt that began ends once. */
  end(key: string, hasFailed: boolean): void {
    const attempts = this.#current(key);
    attempts.unfinished = Math.max(0, attempts.unfinished - 1);
    if (hasFailed) {
      if (attempts.failed === 0) attempts.endsAt = this.#limit.now() + this.#limit.windowMs;
      attempts.failed += 1;
      this.#attempts.set(key, attempts);
    } else if (attempts.failed === 0 && attempts.unfinished === 0) this.#attempts.delete(key);
  }

  /** Failures that are too old are forgotten; attempts under way are not. */
  #current(key: string): Attempts {
    const attempts = this.#attempts.get(key) ?? { failed: 0, unfinished: 0, endsAt: 0 };
    if (attempts.failed > 0 && attempts.endsAt <= this.#limit.now()) attempts.failed = 0;
    return attempts;
  }

  #forgetFirst(): void {
    for (const key of this.#attempts.keys()) {
      this.#attempts.delete(key);
      return;
    }
  }
}
