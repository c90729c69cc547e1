export interface FailureLimit {
  /** Failures within the window; later attempts are refused without verification. */
  readonly most: number;
  readonly windowMs: number;
  readonly maxKeys: number;
  /** Unix ms */
  now(): number;
}

interface Attempts {
  failed: number;
  /** Attempts being verified. */
  underWay: number;
  /** Attempts beyond the remaining failures: they wait for a running one to end. */
  readonly waiting: (() => void)[];
  /** Time at which all of the key's failures are forgotten. */
  endsAt: number;
}

/** More waiting attempts per key are told to try again. */
const MAX_WAITING = 64;

/**
 * Counts failed sign-ins per key. At most as many are verified at once as may still fail: a burst
 * cannot slip through, and good ones only wait for each other. When there are more keys than fit,
 * the one whose count began first is dropped.
 */
export class FailedAttempts {
  readonly #limit: FailureLimit;
  readonly #attempts = new Map<string, Attempts>();

  constructor(limit: FailureLimit) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#attempts.size;
  }

  /** Returns 0, or the seconds after which the key may be tried again. */
  retryAfterSeconds(key: string): number {
    const known = this.#attempts.get(key);
    if (!known) return 0;
    this.#forgetOld(known);
    if (known.failed < this.#limit.most) return 0;
    return Math.max(1, Math.ceil((known.endsAt - this.#limit.now()) / 1000));
  }

  /**
   * Resolves with 0 when it is the attempt's turn, which `end` ends; else with the seconds to wait.
   */
  async begin(key: string): Promise<number> {
    for (;;) {
      const seconds = this.retryAfterSeconds(key);
      if (seconds > 0) return seconds;
      const attempts = this.#attempts.get(key) ?? this.#add(key);
      if (attempts.failed + attempts.underWay < this.#limit.most) {
        attempts.underWay += 1;
        return 0;
      }
      if (attempts.waiting.length >= MAX_WAITING) return 1;
      await new Promise<void>((resolve) => attempts.waiting.push(resolve));
    }
  }

  /** Ends an attempt that began. Returns true if its failure used up the allowance. */
  end(key: string, hasFailed: boolean): boolean {
    const attempts = this.#attempts.get(key);
    if (attempts) attempts.underWay = Math.max(0, attempts.underWay - 1);
    const isLast = hasFailed && this.fail(key);
    // Each waiting attempt checks whether it is its turn.
    for (const wake of attempts?.waiting.splice(0) ?? []) wake();
    if (attempts?.failed === 0 && attempts.underWay === 0) this.#attempts.delete(key);
    return isLast;
  }

  /** Counts a failure that was cheap to verify and needed no turn. Returns the same as `end`. */
  fail(key: string): boolean {
    const attempts = this.#attempts.get(key) ?? this.#add(key);
    this.#forgetOld(attempts);
    if (attempts.failed === 0) attempts.endsAt = this.#limit.now() + this.#limit.windowMs;
    attempts.failed += 1;
    return attempts.failed === this.#limit.most;
  }

  #add(key: string): Attempts {
    if (this.#attempts.size >= this.#limit.maxKeys) this.#forgetFirst();
    const attempts: Attempts = { failed: 0, underWay: 0, waiting: [], endsAt: 0 };
    this.#attempts.set(key, attempts);
    return attempts;
  }

  /** Forgets failures that are too old, but not running attempts. */
  #forgetOld(attempts: Attempts): void {
    if (attempts.failed > 0 && attempts.endsAt <= this.#limit.now()) attempts.failed = 0;
  }

  #forgetFirst(): void {
    for (const [key, { waiting }] of this.#attempts) {
      this.#attempts.delete(key);
      for (const wake of waiting.splice(0)) wake();
      return;
    }
  }
}
