/** Least delays are taken over this long, so that jitter and stalls do not count. */
const WINDOW_MS = 2_000;
/** The least of so many windows counts: a stall of ten seconds moves nothing. */
const WINDOWS = 5;
/**
 * Crystals are off by some hundred ppm. A shift this slow is bridged within a chunk without being
 * heard (`slipOf` in domain/recording/gap-map.ts), and still follows a network that changes its
 * route.
 */
const MAX_SLEW_PPM = 1_500;
/** Audio that lies farther than this beside its time is in the wrong place. */
const MAX_ERROR_MS = 20;

/**
 * Where one time line of a stream lies on the call's clock, in units of its RTP clock: the least
 * delay between timestamp and arrival, followed slowly as the two clocks drift apart.
 */
export class Drift {
  readonly #rate: number;
  #windowLeast = Number.POSITIVE_INFINITY;
  #windowEndsMs: number | undefined;
  readonly #recent: number[] = [];
  /** The least delay as it is gone by; undefined until it was asked for. */
  #base: number | undefined;
  /** What of the correction is gone by. */
  #shift = 0;
  #movedAtMs = 0;
  #correction = 0;
  #floor = Number.NEGATIVE_INFINITY;
  #wrongMs = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** @param offset arrival on the call's clock less the timestamp's, in units of the RTP clock */
  add(offset: number, nowMs: number): void {
    if (offset < this.#windowLeast) this.#windowLeast = offset;
    this.#windowEndsMs ??= nowMs + WINDOW_MS;
    if (nowMs < this.#windowEndsMs) return;
    this.#judge(this.#windowLeast, nowMs);
    this.#recent.push(this.#windowLeast);
    if (this.#recent.length > WINDOWS) this.#recent.shift();
    this.#windowLeast = Number.POSITIVE_INFINITY;
    this.#windowEndsMs = nowMs + WINDOW_MS;
    this.#follow(nowMs);
  }

  /** The offset to go by; from the first call on it only moves slowly. */
  anchor(nowMs: number): number {
    if (this.#base === undefined) {
      // Nothing has come yet that could tell.
      if (this.#least() === Number.POSITIVE_INFINITY) return 0;
      this.#base = Math.max(this.#least(), this.#floor - this.#correction);
      this.#shift = this.#correction;
      this.#movedAtMs = nowMs;
    }
    return Math.round(this.#base + this.#shift);
  }

  /**
   * The next audio begins elsewhere anyway: it may lie where it belongs at once.
   * @param floor no less than this: what is there is not written over
   */
  realign(floor: number): void {
    this.#base = undefined;
    this.#floor = floor;
  }

  /** What the anchor is, or would be now. */
  get estimate(): number {
    return this.#base === undefined ? this.#least() + this.#correction : this.#base + this.#shift;
  }

  /** The least delay, as packets come. */
  get least(): number {
    return this.#least();
  }

  /** For how long, in ms, audio was laid more than 20 ms beside its time. */
  get wrongMs(): number {
    return this.#wrongMs;
  }

  /** Units by which the packets are known to come later than those that they belong beside. */
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

  /** Nothing in a whole window came when it was expected: its audio lies beside its time. */
  #judge(windowLeast: number, nowMs: number): void {
    if (this.#base === undefined) return;
    const error = Math.abs(windowLeast - this.#base);
    if (error > (MAX_ERROR_MS * this.#rate) / 1000) this.#wrongMs += nowMs - this.#movedAtMs;
  }

  #least(): number {
    let least = this.#windowLeast;
    for (const other of this.#recent) if (other < least) least = other;
    return least;
  }
}

function limited(step: number, reach: number): number {
  return Math.max(-reach, Math.min(reach, step));
}
