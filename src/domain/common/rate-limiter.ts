export interface RateLimit {
  readonly perSecond: number;
  /** Requests allowed at once. */
  readonly burst: number;
  /** Keys remembered; beyond this the key unseen for longest is forgotten. */
  readonly maxKeys: number;
  /** Milliseconds that only ever rise. */
  now(): number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** A token bucket per key: a burst must be made up for by waiting. */
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
   * Takes tokens; returns 0, or the seconds to wait before retrying.
   * @param cost tokens; a cost above the bucket's size takes a full bucket
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
