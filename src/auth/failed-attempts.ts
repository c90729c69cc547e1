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
  /** Being looked at. */
  underWay: number;
  /** Begun beyond what may still fail: they wait for one that is under way to end. */
  readonly waiting: (() => void)[];
  /** When the oldest failure is forgotten, and the others with it. */
  endsAt: number;
}

/** More that wait for one key's turn are told to come again. */
const MAX_WAITING = 64;

/**
 * Counts failed sign-ins per key. No more are looked at together than may still fail: many at once
 * cannot slip through, and good ones only wait for each other. Of more keys than fit, the one whose
 * count began first goes.
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

  /** 0, or the seconds after which the key may be tried again. */
  retryAfterSeconds(key: string): number {
    const known = this.#attempts.get(key);
    if (!known) return 0;
    this.#forgetOld(known);
    if (known.failed < this.#limit.most) return 0;
    return Math.max(1, Math.ceil((known.endsAt - this.#limit.now()) / 1000));
  }

  /** Resolves with 0 when it is the attempt's turn, which `end` ends; else the seconds to wait. */
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

  /** Every attempt that began ends once. True: it was the failure that used up what is allowed. */
  end(key: string, hasFailed: boolean): boolean {
    const attempts = this.#attempts.get(key);
    if (attempts) attempts.underWay = Math.max(0, attempts.underWay - 1);
    const isLast = hasFailed && this.fail(key);
    // Whoever waits looks for itself whether it is its turn.
    for (const wake of attempts?.waiting.splice(0) ?? []) wake();
    if (attempts?.failed === 0 && attempts.underWay === 0) this.#attempts.delete(key);
    return isLast;
  }

  /** Of what cost nothing to look at, and needed no turn. True: as of `end`. */
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

  /** Failures that are too old are forgotten; attempts under way are not. */
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
