/** Least delays are taken over this long, so that jitter and stalls do not count. */
const WINDOW_MS = 2_000;
/** The least of so many windows counts: a stall of ten seconds moves nothing. */
const WINDOWS = 5;
/**
 * Crystals are off by some hundred ppm. A shift this slow is bridged within a chunk without being
 * heard (`slipOf` in domain/gap-map.ts), and still follows a network that changes its route.
 */
const MAX_SLEW_PPM = 1_500;
/** A sender report counts for so long; clients send one every five seconds or so. */
const REPORT_LIFETIME_MS = 30_000;
/** A client whose reports and packets disagree by more than this has no clock to go by. */
const MAX_REPORT_DISAGREEMENT_MS = 500;

/**
 * Where one time line of a stream lies on the call's clock, in units of its RTP clock: the least
 * delay between timestamp and arrival, followed slowly as the two clocks drift apart. Where the
 * client sends sender reports (RFC 3550 section 6.4.1) they say more exactly how its streams lie
 * to each other, whatever way their packets took.
 */
export class Drift {
  readonly #rate: number;
  #windowLeast = Number.POSITIVE_INFINITY;
  #windowEndsMs: number | undefined;
  readonly #recent: number[] = [];
  #reported = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #anchor: number | undefined;
  #movedAtMs = 0;

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

  /** What a sender report says the offset is. */
  report(offset: number, nowMs: number): void {
    const least = this.#least();
    const bound = (MAX_REPORT_DISAGREEMENT_MS * this.#rate) / 1000;
    if (!Number.isFinite(least) || Math.abs(offset - least) > bound) return;
    this.#reported = offset;
    this.#reportedAtMs = nowMs;
  }

  /** The offset to go by; from the first call on it only moves slowly. */
  anchor(nowMs: number): number {
    if (this.#anchor === undefined) {
      this.#anchor = this.#target(nowMs);
      this.#movedAtMs = nowMs;
    }
    return Math.round(this.#anchor);
  }

  /** What is expected of the next packet, anchored or not. */
  get expected(): number {
    return this.#anchor ?? this.#least();
  }

  #follow(nowMs: number): void {
    if (this.#anchor === undefined) return;
    const reach = ((nowMs - this.#movedAtMs) * this.#rate * MAX_SLEW_PPM) / 1e9;
    const step = this.#target(nowMs) - this.#anchor;
    this.#anchor += Math.max(-reach, Math.min(reach, step));
    this.#movedAtMs = nowMs;
  }

  #target(nowMs: number): number {
    return nowMs - this.#reportedAtMs < REPORT_LIFETIME_MS ? this.#reported : this.#least();
  }

  #least(): number {
    let least = this.#windowLeast;
    for (const other of this.#recent) if (other < least) least = other;
    return least;
  }
}
