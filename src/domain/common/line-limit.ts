import { RateLimiter } from './rate-limiter.ts';

/** Limits the lines of a trace, and counts those that are not written. */
export class LineLimit {
  readonly #limit: RateLimiter;
  #notShown = 0;

  constructor(perSecond: number) {
    const now = () => performance.now();
    this.#limit = new RateLimiter({ perSecond, burst: perSecond, maxKeys: 1, now });
  }

  /** Returns fields for the line to write, or undefined where it is one too many. */
  take(): { readonly notShown?: number } | undefined {
    if (this.#limit.take('') > 0) {
      this.#notShown += 1;
      return undefined;
    }
    const notShown = this.#notShown;
    this.#notShown = 0;
    return notShown > 0 ? { notShown } : {};
  }
}
