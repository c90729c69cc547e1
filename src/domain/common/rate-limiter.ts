export interface RateLimit {
  readonly perSecond: number;
  /** So many at once. */
  readonly burst: number;
  /** Keys that are remembered; of more, the one that was seen longest ago begins anew. */
  readonly maxKeys: number;
  /** Milliseconds that only ever rise. */
  now(): number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** A token bucket per key: what came in a burst is paid for by waiting. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /**
   * 0, or the seconds after which it may be tried again.
   * @param cost tokens; more than a full bucket holds cost a full bucket
   */
  take(key: string, cost = 1): number {
    const bucket = this.#bucket(key);
    const tokens = Math.min(cost, this.#limit.burst);
    if (bucket.tokens >= tokens) {
      bucket.tokens -= tokens;
      return 0;
    }
    return (tokens - bucket.tokens) / this.#limit.perSecond;
  }

  #bucket(key: string): Bucket {
    const { perSecond, burst, maxKeys } = this.#limit;
    const now = this.#limit.now();
    const known = this.#buckets.get(key);
    if (known) {
      const earned = ((now - known.filledAt) * perSecond) / 1000;
      known.tokens = Math.min(burst, known.tokens + earned);
      known.filledAt = now;
      return known;
    }
    if (this.#buckets.size >= maxKeys) this.#forgetOldest();
    const bucket = { tokens: burst, filledAt: now };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forgetOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
