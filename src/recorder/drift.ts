/** Least delays are taken over this long, so that jitter and stalls do not count. */
const WINDOW_MS = 2_000;
/** The least of so many windows counts: a stall of ten seconds moves nothing. */
const WINDOWS = 5;
/**
 * Crystals are off by some hundred ppm. A shift this slow is bridged within a chunk without being
 * heard (`slipOf` in domain/gap-map.ts), and still follows a network that changes its route.
 */
const MAX_SLEW_PPM = 1_500;
/**
 * Where one time line of a stream lies on the call's clock, in units of its RTP clock: the least
 * delay between timestamp and arrival, followed slowly as the two clocks drift apart.
 */
export class Drift {
  readonly #rate: number;
  #windowLeast = Number.POSITIVE_INFINITY;
  #windowEndsMs: number | undefined;
  readonly #recent: number[] = [];
  #anchor: number | undefined;
  #movedAtMs = 0;
  #correction = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** @param offset arrival on the call's clock less the timestamp's, in units of the RTP clock */
  add(offset: number, nowMs: number): void {
    if (offset < this.#windowLeast) this.#windowLeast = offset;
    this.#windowEndsMs ??= nowMs + WINDOW_MS;
    if (nowMs < this.#windowEndsMs) return;
    this.#recent.push(this.#windowLeast);
    if (this.#recent.length > WINDOWS) this.#recent.shift();
    this.#windowLeast = Number.POSITIVE_INFINITY;
    this.#windowEndsMs = nowMs + WINDOW_MS;
    this.#follow(nowMs);
  }

  /** The offset to go by; from the first call on it only moves slowly. */
  anchor(nowMs: number): number {
    if (this.#anchor === undefined) {
      this.#anchor = this.#target();
      this.#movedAtMs = nowMs;
    }
    return Math.round(this.#anchor);
  }

  /** What is expected of the next packet, anchored or not. */
  get expected(): number {
    return this.#anchor ?? this.#target();
  }

  /** The least delay, as packets come. */
  get least(): number {
    return this.#least();
  }

  /** Units by which the packets are known to come later than those that they belong beside. */
  correct(lateness: number): void {
    this.#correction = -lateness;
  }

  #follow(nowMs: number): void {
    if (this.#anchor === undefined) return;
    const reach = ((nowMs - this.#movedAtMs) * this.#rate * MAX_SLEW_PPM) / 1e9;
    const step = this.#target() - this.#anchor;
    this.#anchor += Math.max(-reach, Math.min(reach, step));
    this.#movedAtMs = nowMs;
  }

  #target(): number {
    return this.#least() + this.#correction;
  }

  #least(): number {
    let least = this.#windowLeast;
    for (const other of this.#recent) if (other < least) least = other;
    return least;
  }
}
