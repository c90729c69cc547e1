/** Least delays are taken over a window this long, so that jitter and stalls do not count. */
const WINDOW_MS = 2_000;
/** The least of this many windows counts: a stall of ten seconds moves nothing. */
const WINDOWS = 5;
/**
 * Crystals are off by some hundred ppm. A shift this slow is bridged inaudibly within a chunk
 * (`slipOf` in domain/recording/gap-map.ts), and still follows a change of network route.
 */
const MAX_SLEW_PPM = 1_500;
/** Audio farther than this from its time is in the wrong place. */
const MAX_ERROR_MS = 20;

/**
 * Locates one time line of a stream on the call's clock, in units of its RTP clock. The offset is
 * the least delay between timestamp and arrival, followed slowly as the two clocks drift apart.
 */
export class Drift {
  readonly #rate: number;
  #windowLeast = Number.POSITIVE_INFINITY;
  #windowEndsMs: number | undefined;
  readonly #recent: number[] = [];
  /** The least of them. */
  #recentLeast = Number.POSITIVE_INFINITY;
  /** The least delay in use; undefined until first requested. */
  #base: number | undefined;
  /** The part of the correction already in use. */
  #shift = 0;
  #movedAtMs = 0;
  #correction = 0;
  #floor = Number.NEGATIVE_INFINITY;
  #wrongMs = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** @param offset arrival on the call's clock less the timestamp, in units of the RTP clock */
  add(offset: number, nowMs: number): void {
    if (offset < this.#windowLeast) this.#windowLeast = offset;
    this.#windowEndsMs ??= nowMs + WINDOW_MS;
    if (nowMs < this.#windowEndsMs) return;
    this.#judge(this.#windowLeast, nowMs);
    this.#recent.push(this.#windowLeast);
    if (this.#recent.length > WINDOWS) this.#recent.shift();
    this.#recentLeast = Math.min(...this.#recent);
    this.#windowLeast = Number.POSITIVE_INFINITY;
    this.#windowEndsMs = nowMs + WINDOW_MS;
    this.#follow(nowMs);
  }

  /** Returns the offset to use. After the first call it moves only slowly. */
  anchor(nowMs: number): number {
    if (this.#base === undefined) {
      // No packet has come yet to measure by.
      if (this.#least() === Number.POSITIVE_INFINITY) return 0;
      this.#base = Math.max(this.#least(), this.#floor - this.#correction);
      this.#shift = this.#correction;
      this.#movedAtMs = nowMs;
    }
    return Math.round(this.#base + this.#shift);
  }

  /**
   * Moves the anchor at once, because the next audio starts a new position anyway.
   * @param floor lower bound: audio already written is not overwritten
   */
  realign(floor: number): void {
    this.#base = undefined;
    this.#floor = floor;
  }

  /** The current anchor, or what it would be now. */
  get estimate(): number {
    return this.#base === undefined ? this.#least() + this.#correction : this.#base + this.#shift;
  }

  /** The least delay of the packets as they arrive. */
  get least(): number {
    return this.#least();
  }

  /** Time in ms during which audio was placed more than 20 ms from its time. */
  get wrongMs(): number {
    return this.#wrongMs;
  }

  /** Sets by how many units the packets are known to lag behind those they belong beside. */
  correct(lateness: number): void {
    this.#correction = -lateness;
  }

  #follow(nowMs: number): void {
    if (this.#base === undefined) return;
    const elapsedMs = nowMs - this.#movedAtMs;
    const reach = (elapsedMs * this.#rate * MAX_SLEW_PPM) / 1e9;
    this.#base += limited(this.#least() - this.#base, reach);
    this.#shift += limited(this.#correction - this.#shift, reach);
    this.#movedAtMs = nowMs;
  }

  /** Judges a window: if no packet came when expected, its audio lies beside its time. */
  #judge(windowLeast: number, nowMs: number): void {
    if (this.#base === undefined) return;
    const error = Math.abs(windowLeast - this.#base);
    if (error > (MAX_ERROR_MS * this.#rate) / 1000) this.#wrongMs += nowMs - this.#movedAtMs;
  }

  #least(): number {
    return this.#windowLeast < this.#recentLeast ? this.#windowLeast : this.#recentLeast;
  }
}

function limited(step: number, reach: number): number {
  return Math.max(-reach, Math.min(reach, step));
}
